// Package driftline is for writing Driftline metrics: implement [Metric], call [Plugin] in an init function, and build
// with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared.
package driftline

import (
	"encoding/json"
	"fmt"
)

// Metric is a mergeable summary of rows, and a function from summaries to numbers. M is the implementing type, a pointer
// to a struct whose JSON form is the saved state.
//
// For rows A and B in any batches, updating with A and merging a summary of B must give what updating with both gives, up
// to rounding: the runtime cuts windows as it likes.
//
// Errors are shown to the user as written; see [Failure] for their kinds.
type Metric[M any] interface {
	// Update takes in rows.
	Update(rows *Rows) error
	// Merge adds the rows behind another summary.
	Merge(other M) error
	// Evaluate turns summaries into results; reference is nil unless the user chose one.
	Evaluate(reference M) (*Report, error)
}

// FailureKind says whose fault a failure is.
type FailureKind uint8

const (
	// InvalidParameters fit the schema but make no sense together.
	InvalidParameters FailureKind = iota
	// InvalidData are rows or a saved state that cannot be used.
	InvalidData
	// Failed is anything else, and the kind of every other error.
	Failed
)

// Failure is an error of a kind.
type Failure struct {
	Kind    FailureKind
	Message string
}

func (f *Failure) Error() string { return f.Message }

// Fail makes a failure, as fmt.Sprintf does.
func Fail(kind FailureKind, format string, arguments ...any) error {
	return &Failure{kind, fmt.Sprintf(format, arguments...)}
}

// accumulator is what the contract calls one, whatever the metric.
type accumulator interface {
	update() error
	state() ([]byte, error)
	merge(state []byte) error
	evaluate(reference accumulator) (*Report, error)
}

var plugin struct {
	description []byte
	open        func(parameters []byte) (accumulator, error)
}

type running[M Metric[M]] struct {
	summary M
	rows    *Rows
	empty   func() (M, error)
}

// Plugin makes a metric the plugin of this program. description is the contract's JSON object; open gives a summary of no
// rows, P is decoded from the parameters, whose defaults are filled in.
func Plugin[P any, M Metric[M]](description []byte, open func(parameters P, inputs *Inputs) (M, error)) {
	var declared struct{ Inputs []struct{ Name string } }
	if err := json.Unmarshal(description, &declared); err != nil {
		panic(fmt.Sprintf("the description is not JSON: %v", err))
	}
	rows := &Rows{labels: map[uint32][]string{}}
	for _, input := range declared.Inputs {
		rows.names = append(rows.names, input.Name)
	}
	plugin.description = description
	plugin.open = func(given []byte) (accumulator, error) {
		var parameters P
		if err := json.Unmarshal(given, &parameters); err != nil {
			return nil, Fail(InvalidParameters, "the parameters don't fit: %v", err)
		}
		empty := func() (M, error) { return open(parameters, &rows.Inputs) }
		summary, err := empty()
		return &running[M]{summary, rows, empty}, err
	}
}

func (r *running[M]) update() error { return r.summary.Update(r.rows) }

func (r *running[M]) state() ([]byte, error) { return json.Marshal(r.summary) }

func (r *running[M]) merge(state []byte) error {
	other, err := r.empty()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(state, other); err != nil {
		return Fail(InvalidData, "the saved state can't be read (%v): it was not made by this plugin", err)
	}
	return r.summary.Merge(other)
}

func (r *running[M]) evaluate(reference accumulator) (*Report, error) {
	var other M
	if reference != nil {
		other = reference.(*running[M]).summary
	}
	return r.summary.Evaluate(other)
}

package driftline

import (
	"slices"
	"strconv"
	"strings"
)

// Kind is how a column is read.
type Kind string

const (
	Number    Kind = "number"
	Category  Kind = "category"
	Timestamp Kind = "timestamp"
)

// Inputs says which columns are bound to which inputs.
type Inputs struct{ names []string }

// Columns lists the columns bound to an input: none when an optional input was left out.
func (in *Inputs) Columns(input string) []uint32 {
	number := slices.Index(in.names, input)
	if number < 0 {
		panic("the plugin reads an input `" + input + "` that it does not declare")
	}
	return columnsBound(uint32(number))
}

// Has tells whether something is bound to an input.
func (in *Inputs) Has(input string) bool { return len(in.Columns(input)) > 0 }

// Name is the data set's name for the (first) column of an input.
func (in *Inputs) Name(input string) string { return columnsName(in.first(input)) }

// Kind is how the (first) column of an input is read.
func (in *Inputs) Kind(input string) Kind { return Kind(columnsKind(in.first(input))) }

func (in *Inputs) first(input string) uint32 {
	bound := in.Columns(input)
	if len(bound) == 0 {
		panic("the plugin reads the optional input `" + input + "`, which is not bound: bind a column to it")
	}
	return bound[0]
}

// Rows is the batch to take in. Reading by the name of an input gives its first column; the Of variants take the numbers
// that [Inputs.Columns] lists. Cells are valid until Update returns.
type Rows struct {
	Inputs
	labels map[uint32][]string
}

// Len is the number of rows.
func (r *Rows) Len() int { return int(columnsRows()) }

// Numbers are the cells of a number input; a missing one is a NaN.
func (r *Rows) Numbers(input string) []float64 { return r.NumbersOf(r.first(input)) }

// NumbersOf reads a column.
func (r *Rows) NumbersOf(column uint32) []float64 { return columnsNumbers(column) }

// Timestamps are microseconds since 1970-01-01 UTC; a missing one is the smallest int64.
func (r *Rows) Timestamps(input string) []int64 { return r.TimestampsOf(r.first(input)) }

// TimestampsOf reads a column.
func (r *Rows) TimestampsOf(column uint32) []int64 { return columnsTimestamps(column) }

// Validity has one bit for each row, least significant first, 1 = present; it is nil when no cell is missing.
func (r *Rows) Validity(input string) []byte { return columnsValidity(r.first(input)) }

// Categories are the cells of a category column: Labels[Codes[row]], beyond the end when missing. A code means the same
// label for the life of the plugin's instance, and nothing beyond.
type Categories struct {
	Codes  []uint32
	Labels []string
}

// Categories reads a category input.
func (r *Rows) Categories(input string) Categories { return r.CategoriesOf(r.first(input)) }

// CategoriesOf reads a column.
func (r *Rows) CategoriesOf(column uint32) Categories {
	// First: this batch's labels are known from then on.
	codes := columnsCodes(column)
	known := r.labels[column]
	known = append(known, columnsLabels(column, uint32(len(known)))...)
	r.labels[column] = known
	return Categories{codes, known}
}

// Truth reads binary truth: whether each row is positive. Without a positive label, 1 and "true" are, and whatever is
// neither that nor 0 or "false" is an error.
func (r *Rows) Truth(input string, positive *string) ([]bool, error) {
	if r.Kind(input) == Category {
		return r.categoryTruth(input, positive)
	}
	cells := r.Numbers(input)
	truth := make([]bool, len(cells))
	wanted := 1.0
	if positive != nil {
		number, err := strconv.ParseFloat(*positive, 64)
		if err != nil {
			return nil, Fail(InvalidParameters, "`positive` is `%s`, but `%s` holds numbers: give a number", *positive, input)
		}
		wanted = number
	}
	for row, cell := range cells {
		if positive == nil && cell != 0 && cell != 1 {
			return nil, unclear(input, strconv.FormatFloat(cell, 'g', -1, 64))
		}
		truth[row] = cell == wanted
	}
	return truth, nil
}

func (r *Rows) categoryTruth(input string, positive *string) ([]bool, error) {
	cells := r.Categories(input)
	const neither = 2
	classes := make([]uint8, len(cells.Labels))
	for code, label := range cells.Labels {
		switch {
		case positive != nil && label == *positive, positive == nil && (strings.EqualFold(label, "true") || label == "1"):
			classes[code] = 1
		case positive == nil && !strings.EqualFold(label, "false") && label != "0":
			classes[code] = neither
		}
	}
	truth := make([]bool, len(cells.Codes))
	for row, code := range cells.Codes {
		if int(code) >= len(classes) {
			return nil, unclear(input, "`(missing)`")
		}
		if classes[code] == neither {
			return nil, unclear(input, "`"+cells.Labels[code]+"`")
		}
		truth[row] = classes[code] == 1
	}
	return truth, nil
}

func unclear(input, label string) error {
	return Fail(InvalidData, "`%s` holds %s, which is neither 0 nor 1, false nor true: name the positive label with the "+
		"parameter `positive`, or bind `%s` to a comparison", input, label, input)
}

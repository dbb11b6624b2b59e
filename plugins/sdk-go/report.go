package driftline

import "math"

// Report holds numbers, reasons and pictures.
type Report struct {
	Values []Value
	Charts []Chart
}

// Value adds a number, to which a standard error and a note can be given.
func (r *Report) Value(name string, number float64) *Value {
	r.Values = append(r.Values, Value{Name: name, Number: number})
	return &r.Values[len(r.Values)-1]
}

// Undefined is a report without a number, and why.
func Undefined(name, reason string) *Report {
	return &Report{Values: []Value{{Name: name, Number: math.NaN(), Note: reason}}}
}

// Value is one reported number, or that there is none and why.
type Value struct {
	Name string
	// Number is undefined when it is a NaN or an infinity.
	Number float64
	// StandardError is nil where the metric does not know it.
	StandardError *float64
	// Note says why the number is undefined, or is a remark; empty for none.
	Note string
}

// Chart is one or more series over shared axes.
type Chart struct {
	Name, XLabel, YLabel string
	// Kind is "line", "bars" or "heatmap".
	Kind string
	// Categories are the names of x = 0, 1, 2, ... when not empty.
	Categories []string
	Series     []Series
}

// Series is one line, set of bars or row of a heatmap; X and Y have the same length.
type Series struct {
	Name string
	X, Y []float64
}

// Heights is a series at x = 0, 1, 2, ...
func Heights(name string, y []float64) Series {
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i)
	}
	return Series{name, x, y}
}

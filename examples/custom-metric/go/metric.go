// What wrong predictions cost, by segment.
//
// A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their prices
// here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has changed.
package main

import (
	_ "embed"

	"driftline"
)

// The most segments drawn; of more, those with the most rows.
const drawn = 30

// Parameters are what a user may choose; the defaults are in the description.
type Parameters struct {
	CostFalsePositive float64 `json:"cost_false_positive"`
	CostFalseNegative float64 `json:"cost_false_negative"`
	Threshold         float64 `json:"threshold"`
	Positive          *string `json:"positive"`
}

// CostBySegment holds errors of both kinds, by segment.
type CostBySegment struct {
	Costs      Costs
	parameters Parameters
	inputs     *driftline.Inputs
}

//go:embed description.json
var description []byte

func init() { driftline.Plugin(description, open) }

func main() {}

func open(parameters Parameters, inputs *driftline.Inputs) (*CostBySegment, error) {
	return &CostBySegment{Costs{}, parameters, inputs}, nil
}

func (m *CostBySegment) Update(rows *driftline.Rows) error {
	labels, err := rows.Truth("label", m.parameters.Positive)
	if err != nil {
		return err
	}
	cells := rows.Categories("segment")
	byCode := make([]*Segment, len(cells.Labels))
	for row, score := range rows.Numbers("score") {
		code := cells.Codes[row]
		if byCode[code] == nil {
			byCode[code] = m.Costs.segment(cells.Labels[code])
		}
		switch isPredicted := score >= m.parameters.Threshold; {
		case isPredicted && !labels[row]:
			byCode[code].Cost += m.parameters.CostFalsePositive
		case !isPredicted && labels[row]:
			byCode[code].Cost += m.parameters.CostFalseNegative
		}
		byCode[code].Rows++
	}
	return nil
}

func (m *CostBySegment) Merge(other *CostBySegment) error {
	m.Costs.merge(other.Costs)
	return nil
}

func (m *CostBySegment) Evaluate(reference *CostBySegment) (*driftline.Report, error) {
	total := m.Costs.total()
	if total.Rows == 0 {
		return driftline.Undefined("cost_per_prediction", "no labelled rows in the window"), nil
	}
	report := &driftline.Report{}
	report.Value("cost_per_prediction", total.mean())
	if reference != nil {
		if before := reference.Costs.total(); before.Rows > 0 {
			report.Value("change", total.mean()-before.mean())
		}
	}
	worst := m.Costs.worst()
	report.Value("worst_segment_cost", m.Costs[worst].mean()).Note = "segment " + worst
	for _, name := range m.Costs.names() {
		report.Value("cost/"+name, m.Costs[name].mean())
	}
	report.Charts = append(report.Charts, m.chart(reference))
	return report, nil
}

// A bar for each segment, beside those of the reference.
func (m *CostBySegment) chart(reference *CostBySegment) driftline.Chart {
	names := m.Costs.largest(drawn)
	heights := func(costs Costs) []float64 {
		heights := make([]float64, len(names))
		for i, name := range names {
			if segment := costs[name]; segment != nil {
				heights[i] = segment.mean()
			}
		}
		return heights
	}
	series := []driftline.Series{driftline.Heights("current", heights(m.Costs))}
	if reference != nil {
		series = append(series, driftline.Heights("reference", heights(reference.Costs)))
	}
	return driftline.Chart{
		Name: "Cost by segment", XLabel: m.inputs.Name("segment"), YLabel: "cost per prediction", Kind: "bars",
		Categories: names, Series: series,
	}
}

package main

import (
	"maps"
	"slices"
)

// Segment says how many rows a segment has, and what they cost.
type Segment struct{ Cost, Rows float64 }

func (s *Segment) mean() float64 { return s.Cost / s.Rows }

func (s *Segment) add(other Segment) {
	s.Cost += other.Cost
	s.Rows += other.Rows
}

// Costs are costs and rows, by segment: the state.
type Costs map[string]*Segment

// segment is the one of a name, which is new and empty unless it is known.
func (c Costs) segment(name string) *Segment {
	if c[name] == nil {
		c[name] = &Segment{}
	}
	return c[name]
}

func (c Costs) merge(other Costs) {
	for name, segment := range other {
		c.segment(name).add(*segment)
	}
}

func (c Costs) names() []string { return slices.Sorted(maps.Keys(c)) }

// total is what all rows cost.
func (c Costs) total() Segment {
	var total Segment
	for _, name := range c.names() {
		total.add(*c[name])
	}
	return total
}

// worst is the segment whose rows cost most; there must be one.
func (c Costs) worst() string {
	names := c.names()
	worst := names[0]
	for _, name := range names {
		if c[name].mean() >= c[worst].mean() {
			worst = name
		}
	}
	return worst
}

// largest are the segments with the most rows.
func (c Costs) largest(count int) []string {
	names := c.names()
	slices.SortStableFunc(names, func(a, b string) int { return int(c[b].Rows - c[a].Rows) })
	return names[:min(count, len(names))]
}

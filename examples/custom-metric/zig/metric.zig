//! What wrong predictions cost, by segment.
//!
//! A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their
//! prices here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has
//! changed.

const driftline = @import("driftline");
const Costs = @import("costs.zig");

/// The inputs, numbered as in description.json.
const score = 0;
const label = 1;
const segment = 2;

/// The most segments drawn; of more, those with the most rows.
const drawn = 30;

const CostBySegment = struct {
    parameters: Parameters,
    costs: Costs = .{},

    pub const description = @embedFile("description.json");

    /// What a user may choose; the defaults are in description.json.
    pub const Parameters = struct {
        cost_false_positive: f64,
        cost_false_negative: f64,
        threshold: f64,
        positive: ?[]const u8,
    };

    pub fn open(parameters: Parameters) driftline.Error!CostBySegment {
        return .{ .parameters = parameters };
    }

    pub fn close(self: *CostBySegment) void {
        self.costs.close();
    }

    pub fn update(self: *CostBySegment) driftline.Error!void {
        const labels = try driftline.truth(label, "label", self.parameters.positive);
        const cells = try driftline.categories(segment);
        const by_code = try driftline.scratch.alloc(?*Costs.Segment, cells.labels.len);
        @memset(by_code, null);
        for (driftline.numbers(score), labels, cells.codes) |number, is_positive, code| {
            const costs = by_code[code] orelse try self.costs.segment(cells.labels[code]);
            by_code[code] = costs;
            const is_predicted = number >= self.parameters.threshold;
            if (is_predicted and !is_positive) costs.cost += self.parameters.cost_false_positive;
            if (!is_predicted and is_positive) costs.cost += self.parameters.cost_false_negative;
            costs.rows += 1;
        }
    }

    pub fn save(self: *const CostBySegment, state: *driftline.Saved) driftline.Error!void {
        for (self.costs.names.items, self.costs.segments.items) |name, costs| {
            try state.text(name);
            try state.number(costs.cost);
            try state.number(costs.rows);
        }
    }

    pub fn merge(self: *CostBySegment, state: *driftline.Loaded) driftline.Error!void {
        while (!state.isEmpty()) {
            const costs = try self.costs.segment(try state.text());
            costs.cost += try state.number();
            costs.rows += try state.number();
        }
    }

    pub fn evaluate(self: *const CostBySegment, reference: ?*const CostBySegment, report: *driftline.Report) driftline.Error!void {
        const costs = self.costs;
        const mean = costs.mean() orelse {
            return report.add(.undefinedFor("cost_per_prediction", "no labelled rows in the window"));
        };
        try report.add(.of("cost_per_prediction", mean));
        const before = if (reference) |other| other.costs else null;
        if (if (before) |other| other.mean() else null) |then| try report.add(.of("change", mean - then));
        const worst = costs.worst();
        const note = try driftline.print("segment {s}", .{costs.names.items[worst]});
        const worst_cost = driftline.Value.of("worst_segment_cost", costs.segments.items[worst].mean());
        try report.add(worst_cost.noting(note));
        for (costs.names.items, costs.segments.items) |name, one| {
            try report.add(.of(try driftline.print("cost/{s}", .{name}), one.mean()));
        }
        try draw(report, costs, before);
    }
};

/// A bar for each segment, beside those of the reference.
fn draw(report: *driftline.Report, current: Costs, reference: ?Costs) driftline.Error!void {
    const places = try current.largest(drawn);
    const names = try driftline.scratch.alloc(driftline.List(u8), places.len);
    const now = try driftline.scratch.alloc(f64, places.len);
    const then = try driftline.scratch.alloc(f64, places.len);
    for (places, names, now, then) |place, *name, *height, *before| {
        name.* = .of(current.names.items[place]);
        height.* = current.segments.items[place].mean();
        const known = if (reference) |other| other.find(current.names.items[place]) else null;
        before.* = if (known) |costs| costs.mean() else 0;
    }
    const series = try driftline.scratch.alloc(driftline.Series, 2);
    series[0] = try driftline.heights("current", now);
    series[1] = try driftline.heights("reference", then);
    try report.draw(.{
        .name = .of("Cost by segment"),
        .x_label = .of(driftline.nameOf(segment)),
        .y_label = .of("cost per prediction"),
        .kind = .of("bars"),
        .categories = .of(names),
        .series = .of(if (reference == null) series[0..1] else series),
    });
}

comptime {
    driftline.plugin(CostBySegment);
}

//! Costs and rows, by segment: the state.

const std = @import("std");
const driftline = @import("driftline");

const Costs = @This();

/// In order of their names.
names: std.ArrayList([]const u8) = .empty,
/// Those of `names`; each stays where it is.
segments: std.ArrayList(*Segment) = .empty,

pub const Segment = struct {
    cost: f64 = 0,
    rows: f64 = 0,

    pub fn mean(self: Segment) f64 {
        return self.cost / self.rows;
    }
};

/// The segment of a name, which is new and empty unless it is known.
pub fn segment(self: *Costs, name: []const u8) driftline.Error!*Segment {
    const place = self.placeOf(name);
    if (self.isAt(place, name)) return self.segments.items[place];
    const new = try driftline.allocator.create(Segment);
    new.* = .{};
    try self.names.insert(driftline.allocator, place, try driftline.allocator.dupe(u8, name));
    try self.segments.insert(driftline.allocator, place, new);
    return new;
}

pub fn find(self: Costs, name: []const u8) ?*const Segment {
    const place = self.placeOf(name);
    return if (self.isAt(place, name)) self.segments.items[place] else null;
}

/// The mean cost of a row; null without rows.
pub fn mean(self: Costs) ?f64 {
    var all: Segment = .{};
    for (self.segments.items) |one| {
        all.cost += one.cost;
        all.rows += one.rows;
    }
    return if (all.rows > 0) all.mean() else null;
}

/// The place of the segment whose rows cost most; there must be one.
pub fn worst(self: Costs) usize {
    var place: usize = 0;
    for (self.segments.items, 0..) |one, i| {
        if (one.mean() >= self.segments.items[place].mean()) place = i;
    }
    return place;
}

/// The places of the `count` segments with the most rows.
pub fn largest(self: Costs, count: usize) driftline.Error![]const usize {
    const places = try driftline.scratch.alloc(usize, self.segments.items.len);
    for (places, 0..) |*place, i| place.* = i;
    std.mem.sort(usize, places, self, hasMoreRows);
    return places[0..@min(count, places.len)];
}

fn hasMoreRows(self: Costs, a: usize, b: usize) bool {
    return self.segments.items[a].rows > self.segments.items[b].rows;
}

pub fn close(self: *Costs) void {
    for (self.names.items) |name| driftline.allocator.free(name);
    for (self.segments.items) |one| driftline.allocator.destroy(one);
    self.names.deinit(driftline.allocator);
    self.segments.deinit(driftline.allocator);
}

fn placeOf(self: Costs, name: []const u8) usize {
    return std.sort.lowerBound([]const u8, self.names.items, name, compare);
}

fn isAt(self: Costs, place: usize, name: []const u8) bool {
    return place < self.names.items.len and std.mem.eql(u8, self.names.items[place], name);
}

fn compare(a: []const u8, b: []const u8) std.math.Order {
    return std.mem.order(u8, a, b);
}

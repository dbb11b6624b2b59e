//! Write Driftline metrics in Zig: a struct, named in `plugin`.
//!
//!     const MeanError = struct {
//!         pub const description = @embedFile("description.json");
//!         pub const Parameters = struct {};
//!
//!         pub fn open(parameters: Parameters) driftline.Error!MeanError
//!         pub fn close(self: *MeanError) void
//!         pub fn update(self: *MeanError) driftline.Error!void
//!         pub fn save(self: *const MeanError, state: *driftline.Saved) driftline.Error!void
//!         pub fn merge(self: *MeanError, state: *driftline.Loaded) driftline.Error!void
//!         pub fn evaluate(self: *const MeanError, reference: ?*const MeanError, report: *driftline.Report) driftline.Error!void
//!     };
//!     comptime { driftline.plugin(MeanError); }
//!
//! The contract is wit/metric.wit in Driftline's repository. Its records are extern structs here: their layout is that of
//! the component model's canonical ABI, so that lists are handed over without copies.

const std = @import("std");

/// `error.Failed` is what `fail` gives; running out of memory traps.
pub const Error = error{ Failed, OutOfMemory };

/// An expected failure, shown to the user as written.
pub const Failure = enum(u8) {
    /// The parameters fit the schema but make no sense together.
    invalid_parameters,
    /// The rows or a saved state cannot be used.
    invalid_data,
    /// Anything else.
    failed,
};

/// For what an accumulator keeps.
pub const allocator = std.heap.wasm_allocator;

/// For what is needed until the plugin's function has returned and its result was read.
pub const scratch = arena.allocator();
var arena = std.heap.ArenaAllocator.init(allocator);

var failure: struct { kind: Failure, text: []const u8 } = undefined;

/// Says what went wrong: `return driftline.fail(.invalid_data, "…", .{})`.
pub fn fail(kind: Failure, comptime format: []const u8, arguments: anytype) Error {
    failure = .{ .kind = kind, .text = try print(format, arguments) };
    return error.Failed;
}

/// Printed text in scratch memory.
pub fn print(comptime format: []const u8, arguments: anytype) Error![]u8 {
    return std.fmt.allocPrint(scratch, format, arguments);
}

/// Tells the person running the plugin something.
pub fn log(level: enum(u32) { debug, info, warn }, text: []const u8) void {
    imports.write(@intFromEnum(level), text.ptr, text.len);
}

// --- The batch: columns by the number of their input, 0 for the description's first ---------------------------------

pub const Kind = enum { number, category, timestamp };

/// The columns of an input that may be left out or takes several; any other column's number is its input's.
pub fn bound(input: u32) []const u32 {
    return fetch(u32, imports.bound, .{input});
}

/// How a column is read. Also valid in `open` and `evaluate`, like `nameOf`.
pub fn kindOf(column: u32) Kind {
    return switch (fetch(u8, imports.kind, .{column})[0]) {
        'c' => .category,
        't' => .timestamp,
        else => .number,
    };
}

/// The data set's name for a column.
pub fn nameOf(column: u32) []const u8 {
    return fetch(u8, imports.name, .{column});
}

/// The number of rows.
pub fn rows() usize {
    return imports.rows();
}

/// A missing cell is a NaN.
pub fn numbers(column: u32) []const f64 {
    return fetch(f64, imports.numbers, .{column});
}

/// Microseconds since 1970-01-01 UTC; a missing cell is the smallest i64.
pub fn timestamps(column: u32) []const i64 {
    return fetch(i64, imports.timestamps, .{column});
}

/// One bit for each row, least significant first, 1 = present; null when no cell is missing.
pub fn validity(column: u32) ?[]const u8 {
    var result: extern struct { is_some: bool, some: List(u8) } = undefined;
    imports.validity(column, &result);
    return if (result.is_some) result.some.slice() else null;
}

/// The cells of a category column. A code means the same label for the life of the plugin's instance, and nothing beyond.
pub const Categories = struct {
    codes: []const u32,
    labels: []const []const u8,

    pub const missing = std.math.maxInt(u32);

    /// The label of a code; null when missing.
    pub fn label(self: Categories, code: u32) ?[]const u8 {
        return if (code < self.labels.len) self.labels[code] else null;
    }
};

var dictionaries: std.AutoHashMapUnmanaged(u32, std.ArrayList([]const u8)) = .empty;

pub fn categories(column: u32) Error!Categories {
    // First: this batch's labels are known from then on.
    const codes = fetch(u32, imports.codes, .{column});
    const known = try dictionaries.getOrPutValue(allocator, column, .empty);
    const labels = known.value_ptr;
    const start: u32 = @intCast(labels.items.len);
    for (fetch(List(u8), imports.labels, .{ column, start })) |text| {
        try labels.append(allocator, try allocator.dupe(u8, text.slice()));
    }
    return .{ .codes = codes, .labels = labels.items };
}

/// Binary truth: whether each row is positive. Without a `positive` label, 1 and "true" are, and whatever is neither
/// that nor 0 or "false" is a failure; `name` is what the failure calls the column.
pub fn truth(column: u32, name: []const u8, positive: ?[]const u8) Error![]const bool {
    const labels = try scratch.alloc(bool, rows());
    if (kindOf(column) == .category) {
        const cells = try categories(column);
        const classes = try scratch.alloc(?bool, cells.labels.len);
        for (classes, cells.labels) |*class, text| class.* = classOf(text, positive);
        for (labels, cells.codes) |*label, code| {
            const text = cells.label(code) orelse return unclear(name, "`(missing)`");
            label.* = classes[code] orelse return unclear(name, try print("`{s}`", .{text}));
        }
    } else if (positive) |text| {
        const number = std.fmt.parseFloat(f64, text) catch return fail(
            .invalid_parameters,
            "`positive` is `{s}`, but `{s}` holds numbers: give a number",
            .{ text, name },
        );
        for (labels, numbers(column)) |*label, cell| label.* = cell == number;
    } else {
        for (labels, numbers(column)) |*label, cell| {
            if (cell != 0 and cell != 1) return unclear(name, try print("{d}", .{cell}));
            label.* = cell == 1;
        }
    }
    return labels;
}

fn classOf(text: []const u8, positive: ?[]const u8) ?bool {
    if (positive) |wanted| return std.mem.eql(u8, text, wanted);
    if (std.ascii.eqlIgnoreCase(text, "true") or std.mem.eql(u8, text, "1")) return true;
    if (std.ascii.eqlIgnoreCase(text, "false") or std.mem.eql(u8, text, "0")) return false;
    return null;
}

fn unclear(name: []const u8, label: []const u8) Error {
    return fail(.invalid_data, "`{s}` holds {s}, which is neither 0 nor 1, false nor true: name the positive label " ++
        "with the parameter `positive`, or bind `{s}` to a comparison", .{ name, label, name });
}

// --- Saved states ---------------------------------------------------------------------------------------------------

/// A state being saved.
pub const Saved = struct {
    bytes: std.ArrayList(u8) = .empty,

    pub fn number(self: *Saved, value: f64) Error!void {
        try self.bytes.appendSlice(scratch, std.mem.asBytes(&value));
    }

    pub fn text(self: *Saved, value: []const u8) Error!void {
        const size: u32 = @intCast(value.len);
        try self.bytes.appendSlice(scratch, std.mem.asBytes(&size));
        try self.bytes.appendSlice(scratch, value);
    }
};

/// A saved state, read in the order it was written.
pub const Loaded = struct {
    left: []const u8,

    pub fn isEmpty(self: Loaded) bool {
        return self.left.len == 0;
    }

    pub fn number(self: *Loaded) Error!f64 {
        return std.mem.bytesToValue(f64, try self.take(8));
    }

    /// Valid until the plugin's function returns.
    pub fn text(self: *Loaded) Error![]const u8 {
        return self.take(std.mem.bytesToValue(u32, try self.take(4)));
    }

    fn take(self: *Loaded, size: usize) Error![]const u8 {
        if (self.left.len < size) {
            return fail(.invalid_data, "the saved state ends early: it was not made by this plugin", .{});
        }
        defer self.left = self.left[size..];
        return self.left[0..size];
    }
};

// --- Reports --------------------------------------------------------------------------------------------------------

/// A list or string of the contract.
pub fn List(comptime T: type) type {
    return extern struct {
        at: [*]const T,
        size: usize,

        pub fn of(items: []const T) @This() {
            // An empty list has a place too: within memory, and aligned.
            return .{ .at = if (items.len == 0) @ptrFromInt(@alignOf(T)) else items.ptr, .size = items.len };
        }

        fn slice(self: @This()) []const T {
            return self.at[0..self.size];
        }
    };
}

/// One number, or that there is none and why. Texts must live until the result was read: constants do, and scratch.
pub const Value = extern struct {
    name: List(u8),
    has_number: bool = false,
    number: f64 = 0,
    has_standard_error: bool = false,
    standard_error: f64 = 0,
    has_note: bool = false,
    note: List(u8) = .of(""),

    pub fn of(name: []const u8, value: f64) Value {
        return .{ .name = .of(name), .has_number = true, .number = value };
    }

    pub fn undefinedFor(name: []const u8, reason: []const u8) Value {
        return (Value{ .name = .of(name) }).noting(reason);
    }

    pub fn noting(self: Value, note: []const u8) Value {
        var value = self;
        value.has_note = true;
        value.note = .of(note);
        return value;
    }
};

pub const Series = extern struct {
    name: List(u8),
    x: List(f64),
    y: List(f64),
};

/// `kind` is "line", "bars" or "heatmap"; `categories` are the names of x = 0, 1, 2, …
pub const Chart = extern struct {
    name: List(u8),
    x_label: List(u8),
    y_label: List(u8),
    kind: List(u8),
    categories: List(List(u8)),
    series: List(Series),
};

/// A series at x = 0, 1, 2, …
pub fn heights(name: []const u8, y: []const f64) Error!Series {
    const x = try scratch.alloc(f64, y.len);
    for (x, 0..) |*place, i| place.* = @floatFromInt(i);
    return .{ .name = .of(name), .x = .of(x), .y = .of(y) };
}

pub const Report = struct {
    values: std.ArrayList(Value) = .empty,
    charts: std.ArrayList(Chart) = .empty,

    pub fn add(self: *Report, value: Value) Error!void {
        try self.values.append(scratch, value);
    }

    pub fn draw(self: *Report, chart: Chart) Error!void {
        try self.charts.append(scratch, chart);
    }
};

// --- The contract's imports and exports -----------------------------------------------------------------------------

const imports = struct {
    extern "driftline:metric/columns@0.1.1" fn rows() u32;
    extern "driftline:metric/columns@0.1.1" fn bound(u32, *List(u32)) void;
    extern "driftline:metric/columns@0.1.1" fn name(u32, *List(u8)) void;
    extern "driftline:metric/columns@0.1.1" fn kind(u32, *List(u8)) void;
    extern "driftline:metric/columns@0.1.1" fn numbers(u32, *List(f64)) void;
    extern "driftline:metric/columns@0.1.1" fn timestamps(u32, *List(i64)) void;
    extern "driftline:metric/columns@0.1.1" fn codes(u32, *List(u32)) void;
    extern "driftline:metric/columns@0.1.1" fn labels(u32, u32, *List(List(u8))) void;
    extern "driftline:metric/columns@0.1.1" fn validity(u32, *anyopaque) void;
    extern "driftline:metric/log@0.1.1" fn write(u32, [*]const u8, usize) void;
    extern "[export]driftline:metric/metric@0.1.1" fn @"[resource-new]accumulator"(*anyopaque) u32;
};

/// Calls an import that gives a list.
fn fetch(comptime T: type, comptime import: anytype, arguments: anytype) []const T {
    var result: List(T) = undefined;
    @call(.auto, import, arguments ++ .{&result});
    return result.slice();
}

const Result = extern struct {
    is_failure: bool,
    payload: extern union {
        nothing: void,
        handle: u32,
        bytes: List(u8),
        report: extern struct { values: List(Value), charts: List(Chart) },
        failure: extern struct { kind: Failure, text: List(u8) },
    },
};

var returned: Result = undefined;

fn finish(outcome: Error!@FieldType(Result, "payload")) *const Result {
    returned = if (outcome) |payload| .{ .is_failure = false, .payload = payload } else |err| .{
        .is_failure = true,
        .payload = .{ .failure = switch (err) {
            error.Failed => .{ .kind = failure.kind, .text = .of(failure.text) },
            error.OutOfMemory => .{ .kind = .failed, .text = .of("out of memory") },
        } },
    };
    return &returned;
}

/// Makes a metric the plugin of this program.
pub fn plugin(comptime Metric: type) void {
    const Accumulator = struct { parameters: Parameters(Metric), metric: Metric };
    const Payload = @FieldType(Result, "payload");
    const exported = struct {
        fn realloc(old: [*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
            // Nothing is somewhere too: within memory, and aligned.
            if (size == 0) return @ptrFromInt(alignment);
            const new = scratch.alignedAlloc(u8, .@"8", size) catch @trap();
            const kept = @min(old_size, size);
            @memcpy(new[0..kept], old[0..kept]);
            return new.ptr;
        }

        fn describe() callconv(.c) *const List(u8) {
            const text = struct {
                const list: List(u8) = .of(Metric.description);
            };
            return &text.list;
        }

        fn open(at: [*]const u8, size: usize) callconv(.c) *const Result {
            return finish(tryOpen(at[0..size]));
        }

        fn tryOpen(text: []const u8) Error!Payload {
            const accumulator = try allocator.create(Accumulator);
            accumulator.parameters = try Parameters(Metric).parse(text);
            accumulator.metric = try Metric.open(accumulator.parameters.value);
            return .{ .handle = imports.@"[resource-new]accumulator"(accumulator) };
        }

        fn close(self: *Accumulator) callconv(.c) void {
            self.metric.close();
            self.parameters.close();
            allocator.destroy(self);
        }

        fn update(self: *Accumulator) callconv(.c) *const Result {
            return finish(if (self.metric.update()) |_| .{ .nothing = {} } else |err| err);
        }

        fn state(self: *Accumulator) callconv(.c) *const Result {
            var saved: Saved = .{};
            return finish(if (self.metric.save(&saved)) |_| .{ .bytes = .of(saved.bytes.items) } else |err| err);
        }

        fn merge(self: *Accumulator, at: [*]const u8, size: usize) callconv(.c) *const Result {
            var loaded: Loaded = .{ .left = at[0..size] };
            return finish(if (self.metric.merge(&loaded)) |_| .{ .nothing = {} } else |err| err);
        }

        fn evaluate(current: *Accumulator, has_reference: u32, reference: ?*Accumulator) callconv(.c) *const Result {
            var report: Report = .{};
            const other = if (has_reference != 0) &reference.?.metric else null;
            return finish(if (current.metric.evaluate(other, &report)) |_| .{
                .report = .{ .values = .of(report.values.items), .charts = .of(report.charts.items) },
            } else |err| err);
        }

        /// The runtime has read the result.
        fn after(read: *const anyopaque) callconv(.c) void {
            _ = read;
            _ = arena.reset(.{ .retain_with_limit = 4 << 20 });
        }
    };
    @export(&exported.realloc, .{ .name = "cabi_realloc" });
    @export(&exported.close, .{ .name = "driftline:metric/metric@0.1.1#[dtor]accumulator" });
    for (.{
        .{ "describe", &exported.describe },
        .{ "[static]accumulator.open", &exported.open },
        .{ "[method]accumulator.update", &exported.update },
        .{ "[method]accumulator.state", &exported.state },
        .{ "[method]accumulator.merge", &exported.merge },
        .{ "evaluate", &exported.evaluate },
    }) |function| {
        @export(function[1], .{ .name = "driftline:metric/metric@0.1.1#" ++ function[0] });
        @export(&exported.after, .{ .name = "cabi_post_driftline:metric/metric@0.1.1#" ++ function[0] });
    }
}

/// Parameters that live as long as their accumulator.
fn Parameters(comptime Metric: type) type {
    return struct {
        memory: std.heap.ArenaAllocator,
        value: Metric.Parameters,

        fn parse(text: []const u8) Error!@This() {
            var memory = std.heap.ArenaAllocator.init(allocator);
            const value = std.json.parseFromSliceLeaky(Metric.Parameters, memory.allocator(), text, .{
                .allocate = .alloc_always,
            }) catch |err| return fail(.invalid_parameters, "the parameters don't fit: {s}", .{@errorName(err)});
            return .{ .memory = memory, .value = value };
        }

        fn close(self: *@This()) void {
            self.memory.deinit();
        }
    };
}

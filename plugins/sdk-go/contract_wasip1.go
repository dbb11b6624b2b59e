package driftline

import (
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"unsafe"
)

// The contract's imports. Where one gives a list, a string or an option, it writes to result.

//go:wasmimport driftline:metric/columns@0.1.1 rows
func columnsRows() uint32

//go:wasmimport driftline:metric/columns@0.1.1 bound
func importBound(input uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 name
func importName(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 kind
func importKind(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 numbers
func importNumbers(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 timestamps
func importTimestamps(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 codes
func importCodes(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 labels
func importLabels(column, start uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/columns@0.1.1 validity
func importValidity(column uint32, result unsafe.Pointer)

//go:wasmimport driftline:metric/log@0.1.1 write
func importLog(level uint32, at unsafe.Pointer, size uint32)

//go:wasmimport [export]driftline:metric/metric@0.1.1 [resource-new]accumulator
func newHandle(representation uint32) uint32

// list is a list or string as the canonical ABI lays it out: an address of 32 bits, though Go's pointers here have 64.
type list struct{ at, size uint32 }

var fetched struct {
	isSome bool
	list   list
}

func view[T any](l list) []T {
	if l.size == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(uintptr(l.at))), l.size)
}

func text(l list) string {
	return strings.Clone(unsafe.String(unsafe.SliceData(view[byte](l)), l.size))
}

func columnsBound(input uint32) []uint32 {
	importBound(input, unsafe.Pointer(&fetched.list))
	return view[uint32](fetched.list)
}

func columnsName(column uint32) string {
	importName(column, unsafe.Pointer(&fetched.list))
	return text(fetched.list)
}

func columnsKind(column uint32) string {
	importKind(column, unsafe.Pointer(&fetched.list))
	return text(fetched.list)
}

func columnsNumbers(column uint32) []float64 {
	importNumbers(column, unsafe.Pointer(&fetched.list))
	return view[float64](fetched.list)
}

func columnsTimestamps(column uint32) []int64 {
	importTimestamps(column, unsafe.Pointer(&fetched.list))
	return view[int64](fetched.list)
}

func columnsCodes(column uint32) []uint32 {
	importCodes(column, unsafe.Pointer(&fetched.list))
	return view[uint32](fetched.list)
}

func columnsLabels(column, start uint32) []string {
	importLabels(column, start, unsafe.Pointer(&fetched.list))
	var labels []string
	for _, label := range view[list](fetched.list) {
		labels = append(labels, text(label))
	}
	return labels
}

func columnsValidity(column uint32) []byte {
	importValidity(column, unsafe.Pointer(&fetched))
	if !fetched.isSome {
		return nil
	}
	return view[byte](fetched.list)
}

// LogLevel is how much a message matters to its reader.
type LogLevel uint32

const (
	Debug LogLevel = iota
	Info
	Warn
)

// Log tells the person running the plugin something.
func Log(level LogLevel, message string) {
	importLog(uint32(level), unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

// Memory. The runtime allocates here while one of its functions runs, when no import may be called. Go's collector asks
// for the time, which is an import: so it never starts by itself, but only between calls.

const collectEvery = 32 << 20

// What the runtime knows by address only, and Go's collector must not take.
var kept []any

var allocated = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
var collectedAt uint64

// What offers WASI to a module within a component asks for memory of its own at Go's first call of it, when nothing can be
// allocated yet, and keeps it.
var early [32 << 10]uint64
var earlyUsed uint32
var isReady bool

func init() {
	debug.SetGCPercent(-1)
	isReady = true
}

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	if !isReady {
		at := unsafe.Pointer(&early[earlyUsed])
		earlyUsed += (size + 7) / 8
		return at
	}
	// Words, for the sake of alignment.
	words := make([]uint64, (size+7)/8+1)
	bytes := unsafe.Pointer(unsafe.SliceData(words))
	kept = append(kept, words)
	if oldSize > 0 {
		copy(unsafe.Slice((*byte)(bytes), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return bytes
}

func release() {
	clear(kept)
	kept = kept[:0]
	metrics.Read(allocated)
	if now := allocated[0].Value.Uint64(); now-collectedAt > collectEvery {
		runtime.GC()
		collectedAt = now
	}
}

func lowerBytes(bytes []byte) list {
	kept = append(kept, bytes)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))), uint32(len(bytes))}
}

func lowerText(text string) list {
	kept = append(kept, text)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.StringData(text)))), uint32(len(text))}
}

func lower[T, L any](items []T, lowerOne func(T) L) list {
	lowered := make([]L, len(items))
	for i, item := range items {
		lowered[i] = lowerOne(item)
	}
	kept = append(kept, lowered)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(lowered)))), uint32(len(lowered))}
}

// The contract's records as the canonical ABI lays them out.

type loweredValue struct {
	name             list
	hasNumber        bool
	number           float64
	hasStandardError bool
	standardError    float64
	hasNote          bool
	note             list
}

type loweredSeries struct{ name, x, y list }

type loweredChart struct{ name, xLabel, yLabel, kind, categories, series list }

func lowerValue(value Value) loweredValue {
	lowered := loweredValue{name: lowerText(value.Name), number: value.Number}
	lowered.hasNumber = !math.IsNaN(value.Number) && !math.IsInf(value.Number, 0)
	if value.StandardError != nil {
		lowered.hasStandardError, lowered.standardError = true, *value.StandardError
	}
	if value.Note != "" {
		lowered.hasNote, lowered.note = true, lowerText(value.Note)
	}
	return lowered
}

func lowerNumber(number float64) float64 { return number }

func lowerSeries(series Series) loweredSeries {
	return loweredSeries{lowerText(series.Name), lower(series.X, lowerNumber), lower(series.Y, lowerNumber)}
}

func lowerChart(chart Chart) loweredChart {
	return loweredChart{
		lowerText(chart.Name), lowerText(chart.XLabel), lowerText(chart.YLabel), lowerText(chart.Kind),
		lower(chart.Categories, lowerText), lower(chart.Series, lowerSeries),
	}
}

// returned is what an export gives back: a result, of which the words after isFailure hold a handle, a list, a report or
// a failure.
var returned struct {
	isFailure bool
	words     [4]uint32
}

func succeed(words ...uint32) unsafe.Pointer {
	returned.isFailure = false
	copy(returned.words[:], words)
	return unsafe.Pointer(&returned)
}

func finish(err error, words ...uint32) unsafe.Pointer {
	if err == nil {
		return succeed(words...)
	}
	kind := Failed
	if failure := new(Failure); errors.As(err, &failure) {
		kind = failure.Kind
	}
	message := lowerText(err.Error())
	returned.isFailure = true
	returned.words = [4]uint32{uint32(kind), message.at, message.size}
	return unsafe.Pointer(&returned)
}

// The contract's exports.

var accumulators = map[uint32]accumulator{}
var lastAccumulator uint32
var description list

//go:wasmexport driftline:metric/metric@0.1.1#describe
func exportDescribe() unsafe.Pointer {
	description = lowerBytes(plugin.description)
	return unsafe.Pointer(&description)
}

//go:wasmexport driftline:metric/metric@0.1.1#[static]accumulator.open
func exportOpen(at unsafe.Pointer, size uint32) unsafe.Pointer {
	opened, err := plugin.open(unsafe.Slice((*byte)(at), size))
	if err != nil {
		return finish(err)
	}
	lastAccumulator++
	accumulators[lastAccumulator] = opened
	return succeed(newHandle(lastAccumulator))
}

//go:wasmexport driftline:metric/metric@0.1.1#[dtor]accumulator
func exportClose(self uint32) { delete(accumulators, self) }

//go:wasmexport driftline:metric/metric@0.1.1#[method]accumulator.update
func exportUpdate(self uint32) unsafe.Pointer { return finish(accumulators[self].update()) }

//go:wasmexport driftline:metric/metric@0.1.1#[method]accumulator.state
func exportState(self uint32) unsafe.Pointer {
	state, err := accumulators[self].state()
	bytes := lowerBytes(state)
	return finish(err, bytes.at, bytes.size)
}

//go:wasmexport driftline:metric/metric@0.1.1#[method]accumulator.merge
func exportMerge(self uint32, at unsafe.Pointer, size uint32) unsafe.Pointer {
	return finish(accumulators[self].merge(unsafe.Slice((*byte)(at), size)))
}

//go:wasmexport driftline:metric/metric@0.1.1#evaluate
func exportEvaluate(current, hasReference, reference uint32) unsafe.Pointer {
	var other accumulator
	if hasReference != 0 {
		other = accumulators[reference]
	}
	report, err := accumulators[current].evaluate(other)
	if err != nil {
		return finish(err)
	}
	values, charts := lower(report.Values, lowerValue), lower(report.Charts, lowerChart)
	return succeed(values.at, values.size, charts.at, charts.size)
}

// The runtime has read the result.

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#describe
func afterDescribe(unsafe.Pointer) { release() }

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#[static]accumulator.open
func afterOpen(unsafe.Pointer) { release() }

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#[method]accumulator.update
func afterUpdate(unsafe.Pointer) { release() }

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#[method]accumulator.state
func afterState(unsafe.Pointer) { release() }

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#[method]accumulator.merge
func afterMerge(unsafe.Pointer) { release() }

//go:wasmexport cabi_post_driftline:metric/metric@0.1.1#evaluate
func afterEvaluate(unsafe.Pointer) { release() }

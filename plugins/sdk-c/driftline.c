/* The glue between driftline.h and the contract's imports and exports, for wasm32. */
#include "driftline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COLUMNS(name) __attribute__((import_module("driftline:metric/columns@0.1.1"), import_name(name)))
#define LOG(name) __attribute__((import_module("driftline:metric/log@0.1.1"), import_name(name)))
#define HANDLES(name) __attribute__((import_module("[export]driftline:metric/metric@0.1.1"), import_name(name)))
#define METRIC(name) __attribute__((export_name("driftline:metric/metric@0.1.1#" name), used))
#define AFTER(name) __attribute__((export_name("cabi_post_driftline:metric/metric@0.1.1#" name), used))

typedef struct {
    void *at;
    size_t size;
} list;

typedef struct {
    bool is_some;
    list some;
} option_list;

COLUMNS("rows") extern uint32_t columns_rows(void);
COLUMNS("bound") extern void columns_bound(uint32_t input, list *columns);
COLUMNS("name") extern void columns_name(uint32_t column, driftline_text *name);
COLUMNS("kind") extern void columns_kind(uint32_t column, driftline_text *kind);
COLUMNS("numbers") extern void columns_numbers(uint32_t column, list *cells);
COLUMNS("timestamps") extern void columns_timestamps(uint32_t column, list *cells);
COLUMNS("codes") extern void columns_codes(uint32_t column, list *codes);
COLUMNS("labels") extern void columns_labels(uint32_t column, uint32_t start, list *labels);
COLUMNS("validity") extern void columns_validity(uint32_t column, option_list *bits);
LOG("write") extern void log_write(uint32_t level, const char *at, size_t size);
HANDLES("[resource-new]accumulator") extern uint32_t handle_of(driftline_accumulator *accumulator);

/* --- Memory ------------------------------------------------------------------------------------------------------- */

typedef struct block {
    struct block *next;
    _Alignas(16) unsigned char bytes[];
} block;

static block *scratch;

static void *allocate(size_t size) {
    void *bytes = malloc(size);
    if (!bytes) {
        static const char message[] = "out of memory";
        log_write(DRIFTLINE_WARN, message, sizeof message - 1);
        __builtin_trap();
    }
    return bytes;
}

static void *scratch_bytes(size_t size) {
    block *new = allocate(sizeof(block) + size);
    new->next = scratch;
    scratch = new;
    return new->bytes;
}

static void release_scratch(void) {
    while (scratch) {
        block *next = scratch->next;
        free(scratch);
        scratch = next;
    }
}

void *driftline_scratch(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) __builtin_trap();
    return memset(scratch_bytes(bytes), 0, bytes);
}

/* Where the runtime puts what it hands over: arguments and the results of imports. */
__attribute__((export_name("cabi_realloc"), used)) void *cabi_realloc(void *old, size_t old_size, size_t align,
                                                                      size_t size) {
    (void)align; /* at most 8 */
    void *new = scratch_bytes(size);
    if (old_size) memcpy(new, old, old_size < size ? old_size : size);
    return new;
}

/* --- Text ------------------------------------------------------------------------------------------------------------ */

driftline_text driftline_text_of(const char *string) { return (driftline_text){string, strlen(string)}; }

int driftline_compare(driftline_text a, driftline_text b) {
    int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static driftline_text format_list(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0) return (driftline_text){0};
    char *at = scratch_bytes((size_t)size + 1);
    vsnprintf(at, (size_t)size + 1, format, arguments);
    return (driftline_text){at, (size_t)size};
}

driftline_text driftline_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    driftline_text text = format_list(format, arguments);
    va_end(arguments);
    return text;
}

driftline_text driftline_keep(driftline_text text) {
    char *at = allocate(text.size + 1);
    memcpy(at, text.at, text.size);
    at[text.size] = 0;
    return (driftline_text){at, text.size};
}

void driftline_log(driftline_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    driftline_text text = format_list(format, arguments);
    va_end(arguments);
    log_write(level, text.at, text.size);
}

static struct {
    driftline_failure kind;
    driftline_text text;
} failure;

bool driftline_fail(driftline_failure kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    failure.kind = kind;
    failure.text = format_list(format, arguments);
    va_end(arguments);
    return false;
}

driftline_text driftline_failed(driftline_failure *kind) {
    *kind = failure.kind;
    return failure.text;
}

/* --- Columns ------------------------------------------------------------------------------------------------------- */

size_t driftline_bound(uint32_t input, const uint32_t **columns) {
    list numbers;
    columns_bound(input, &numbers);
    *columns = numbers.at;
    return numbers.size;
}

driftline_kind driftline_kind_of(uint32_t column) {
    driftline_text kind;
    columns_kind(column, &kind);
    return kind.size && kind.at[0] == 'c' ? DRIFTLINE_CATEGORY
           : kind.size && kind.at[0] == 't' ? DRIFTLINE_TIMESTAMP : DRIFTLINE_NUMBER;
}

driftline_text driftline_name_of(uint32_t column) {
    driftline_text name;
    columns_name(column, &name);
    return name;
}

size_t driftline_rows(void) { return columns_rows(); }

const double *driftline_numbers(uint32_t column) {
    list cells;
    columns_numbers(column, &cells);
    return cells.at;
}

const int64_t *driftline_timestamps(uint32_t column) {
    list cells;
    columns_timestamps(column, &cells);
    return cells.at;
}

const uint8_t *driftline_validity(uint32_t column) {
    option_list bits;
    columns_validity(column, &bits);
    return bits.is_some ? bits.some.at : NULL;
}

/* The labels of each column so far, kept for the life of the instance. */
static struct {
    driftline_text *labels;
    size_t size;
} *dictionaries;
static size_t dictionaries_size;

static void *grow(void *old, size_t count, size_t size) {
    void *new = realloc(old, count * size);
    if (!new) __builtin_trap();
    return new;
}

driftline_categories driftline_categories_of(uint32_t column) {
    list codes, more;
    columns_codes(column, &codes); /* first: this batch's labels are known from then on */
    if (column >= dictionaries_size) {
        dictionaries = grow(dictionaries, column + 1, sizeof *dictionaries);
        memset(dictionaries + dictionaries_size, 0, (column + 1 - dictionaries_size) * sizeof *dictionaries);
        dictionaries_size = column + 1;
    }
    columns_labels(column, (uint32_t)dictionaries[column].size, &more);
    size_t known = dictionaries[column].size;
    if (more.size) {
        dictionaries[column].labels = grow(dictionaries[column].labels, known + more.size, sizeof(driftline_text));
        for (size_t i = 0; i < more.size; i++) {
            dictionaries[column].labels[known + i] = driftline_keep(((driftline_text *)more.at)[i]);
        }
        dictionaries[column].size = known + more.size;
    }
    return (driftline_categories){codes.at, dictionaries[column].labels, dictionaries[column].size};
}

static const uint8_t *unclear(const char *name, driftline_text label) {
    driftline_fail(DRIFTLINE_INVALID_DATA,
                   "`%s` holds %.*s, which is neither 0 nor 1, false nor true: name the positive label with the "
                   "parameter `positive`, or bind `%s` to a comparison",
                   name, (int)label.size, label.at, name);
    return NULL;
}

static bool says(driftline_text label, const char *word) {
    return label.size == strlen(word) && strncasecmp(label.at, word, label.size) == 0;
}

static const uint8_t *category_labels(uint32_t column, const char *name, driftline_text positive) {
    enum { NEITHER = 2 };
    driftline_categories cells = driftline_categories_of(column);
    uint8_t *classes = scratch_bytes(cells.labels_size);
    for (size_t code = 0; code < cells.labels_size; code++) {
        driftline_text label = cells.labels[code];
        if (positive.at) {
            classes[code] = driftline_compare(label, positive) == 0;
        } else {
            classes[code] = says(label, "true") || says(label, "1")    ? 1
                            : says(label, "false") || says(label, "0") ? 0 : NEITHER;
        }
    }
    size_t rows = driftline_rows();
    uint8_t *labels = scratch_bytes(rows);
    for (size_t row = 0; row < rows; row++) {
        uint32_t code = cells.codes[row];
        if (code >= cells.labels_size) return unclear(name, driftline_text_of("`(missing)`"));
        labels[row] = classes[code];
        if (labels[row] == NEITHER) {
            return unclear(name, driftline_format("`%.*s`", (int)cells.labels[code].size, cells.labels[code].at));
        }
    }
    return labels;
}

static const uint8_t *number_labels(uint32_t column, const char *name, driftline_text positive) {
    const double *cells = driftline_numbers(column);
    size_t rows = driftline_rows();
    uint8_t *labels = scratch_bytes(rows);
    if (positive.at) {
        char *end, *digits = (char *)driftline_format("%.*s", (int)positive.size, positive.at).at;
        double number = strtod(digits, &end);
        if (!positive.size || *end) {
            driftline_fail(DRIFTLINE_INVALID_PARAMETERS,
                           "`positive` is `%s`, but `%s` holds numbers: give a number", digits, name);
            return NULL;
        }
        for (size_t row = 0; row < rows; row++) labels[row] = cells[row] == number;
        return labels;
    }
    for (size_t row = 0; row < rows; row++) {
        labels[row] = cells[row] == 1.0;
        if (cells[row] != 1.0 && cells[row] != 0.0) return unclear(name, driftline_format("%.17g", cells[row]));
    }
    return labels;
}

const uint8_t *driftline_labels(uint32_t column, const char *name, driftline_text positive) {
    return driftline_kind_of(column) == DRIFTLINE_CATEGORY ? category_labels(column, name, positive)
                                                            : number_labels(column, name, positive);
}

/* --- JSON: the runtime has checked it against the schema ------------------------------------------------------------ */

static const char *skip_spaces(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n", *at)) at++;
    return at;
}

/* The end of the value that starts here. */
static const char *skip_value(const char *at, const char *end) {
    int depth = 0;
    for (; at < end; at++) {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++) at += *at == '\\';
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth-- == 0) return at;
        } else if (*at == ',' && depth == 0) {
            return at;
        } else if (*at == ':' && depth == 0) {
            return at;
        }
    }
    return end;
}

static void put_utf8(char **to, uint32_t point) {
    if (point < 0x80) {
        *(*to)++ = (char)point;
        return;
    }
    int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    *(*to)++ = (char)((0xf00 >> (more + 1) & 0xff) | point >> 6 * more);
    while (more--) *(*to)++ = (char)(0x80 | (point >> 6 * more & 0x3f));
}

static uint32_t hex4(const char *at) {
    char digits[5] = {at[0], at[1], at[2], at[3], 0};
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* A string without quotes and escapes. */
static driftline_text unescape(driftline_text quoted) {
    const char *at = quoted.at + 1, *end = quoted.at + quoted.size - 1;
    char *text = scratch_bytes(quoted.size), *to = text;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        static const char escapes[] = "b\bf\fn\nr\rt\t";
        at++;
        if (*at == 'u') {
            uint32_t point = hex4(at + 1);
            at += 5;
            if (point >> 10 == 0x36 && at + 6 <= end) {
                point = 0x10000 + ((point & 0x3ff) << 10 | (hex4(at + 2) & 0x3ff));
                at += 6;
            }
            put_utf8(&to, point);
        } else {
            const char *escape = strchr(escapes, *at++);
            *to++ = escape ? escape[1] : at[-1];
        }
    }
    return (driftline_text){text, (size_t)(to - text)};
}

/* The member's value as it is written; .at is NULL when there is none, or null. */
static driftline_text member(driftline_text object, const char *name) {
    driftline_text wanted = driftline_text_of(name);
    const char *at = skip_spaces(object.at, object.at + object.size), *end = object.at + object.size;
    while (at < end && *at != '}') {
        const char *key = skip_spaces(at + 1, end), *key_end = skip_value(key, end);
        if (key >= end || *key != '"') break;
        const char *value = skip_spaces(key_end + 1, end);
        at = skip_value(value, end);
        while (key_end > key && key_end[-1] != '"') key_end--;
        if (driftline_compare(unescape((driftline_text){key, (size_t)(key_end - key)}), wanted) == 0) {
            const char *value_end = at;
            while (value_end > value && strchr(" \t\r\n", value_end[-1])) value_end--;
            if (*value == 'n') break;
            return (driftline_text){value, (size_t)(value_end - value)};
        }
    }
    return (driftline_text){0};
}

double driftline_json_number(driftline_text object, const char *name, double otherwise) {
    driftline_text value = member(object, name);
    if (!value.at) return otherwise;
    return strtod(driftline_format("%.*s", (int)value.size, value.at).at, NULL);
}

bool driftline_json_bool(driftline_text object, const char *name, bool otherwise) {
    driftline_text value = member(object, name);
    return value.at ? *value.at == 't' : otherwise;
}

driftline_text driftline_json_text(driftline_text object, const char *name) {
    driftline_text value = member(object, name);
    return value.at && *value.at == '"' ? unescape(value) : (driftline_text){0};
}

/* --- Saved states ----------------------------------------------------------------------------------------------------- */

static struct {
    unsigned char *at;
    size_t size, capacity;
} saved;

void driftline_save(const void *bytes, size_t size) {
    if (saved.capacity - saved.size < size) {
        saved.capacity = (saved.capacity + size) * 2;
        saved.at = grow(saved.at, saved.capacity, 1);
    }
    if (size) memcpy(saved.at + saved.size, bytes, size);
    saved.size += size;
}

void driftline_save_number(double number) { driftline_save(&number, sizeof number); }

void driftline_save_text(driftline_text text) {
    uint32_t size = (uint32_t)text.size;
    driftline_save(&size, sizeof size);
    driftline_save(text.at, text.size);
}

static driftline_text loading;

size_t driftline_load_left(void) { return loading.size; }

bool driftline_load(void *bytes, size_t size) {
    if (loading.size < size) return false;
    if (size) memcpy(bytes, loading.at, size);
    loading.at += size;
    loading.size -= size;
    return true;
}

bool driftline_load_number(double *number) { return driftline_load(number, sizeof *number); }

bool driftline_load_text(driftline_text *text) {
    uint32_t size;
    if (!driftline_load(&size, sizeof size) || loading.size < size) return false;
    *text = (driftline_text){loading.at, size};
    loading.at += size;
    loading.size -= size;
    return true;
}

/* --- Reports ---------------------------------------------------------------------------------------------------------- */

struct driftline_report {
    driftline_value *values;
    size_t values_size;
    driftline_chart *charts;
    size_t charts_size;
};

/* Scratch lists double when their size is a power of two. */
static void *push(void **list, size_t *size, size_t item_size) {
    if ((*size & (*size - 1)) == 0) {
        void *larger = driftline_scratch(*size ? 2 * *size : 1, item_size);
        if (*size) memcpy(larger, *list, *size * item_size);
        *list = larger;
    }
    return (unsigned char *)*list + (*size)++ * item_size;
}

driftline_value *driftline_number(driftline_report *report, driftline_text name, double number) {
    driftline_value *value = push((void **)&report->values, &report->values_size, sizeof *value);
    *value = (driftline_value){.name = name, .has_number = true, .number = number};
    return value;
}

driftline_value *driftline_undefined(driftline_report *report, driftline_text name, driftline_text reason) {
    driftline_value *value = driftline_number(report, name, 0);
    value->has_number = false;
    driftline_note(value, reason);
    return value;
}

void driftline_note(driftline_value *value, driftline_text note) {
    value->has_note = true;
    value->note = note;
}

driftline_chart *driftline_chart_of(driftline_report *report, const char *kind, const char *name, driftline_text x_label,
                                    const char *y_label, size_t categories_size) {
    driftline_chart *chart = push((void **)&report->charts, &report->charts_size, sizeof *chart);
    *chart = (driftline_chart){
        .name = driftline_text_of(name),
        .x_label = x_label,
        .y_label = driftline_text_of(y_label),
        .kind = driftline_text_of(kind),
        .categories = driftline_scratch(categories_size, sizeof(driftline_text)),
        .categories_size = categories_size,
    };
    return chart;
}

driftline_series *driftline_points(driftline_chart *chart, const char *name, const double *x, size_t size) {
    driftline_series *series = push((void **)&chart->series, &chart->series_size, sizeof *series);
    double *y = driftline_scratch(size, sizeof *y);
    *series = (driftline_series){driftline_text_of(name), x, size, y, size};
    return series;
}

double *driftline_heights(driftline_chart *chart, const char *name, size_t size) {
    double *x = driftline_scratch(size, sizeof *x);
    for (size_t i = 0; i < size; i++) x[i] = (double)i;
    return driftline_points(chart, name, x, size)->y;
}

/* --- Exports ----------------------------------------------------------------------------------------------------------- */

/* What a function that can fail gives back. */
typedef struct {
    uint8_t is_failure;
    union {
        uint32_t handle;
        list bytes;
        driftline_report report;
        struct {
            uint8_t kind;
            driftline_text text;
        } failure;
    };
} result;

static result returned;

static result *result_of(bool is_success) {
    if (!is_success) {
        returned = (result){.is_failure = 1};
        returned.failure.kind = (uint8_t)failure.kind;
        returned.failure.text = failure.text;
    }
    return &returned;
}

METRIC("describe") driftline_text *export_describe(void) {
    static driftline_text description;
    description = driftline_describe();
    return &description;
}

METRIC("[static]accumulator.open") result *export_open(const char *at, size_t size) {
    driftline_accumulator *accumulator = driftline_open((driftline_text){at, size});
    returned = (result){0};
    if (accumulator) returned.handle = handle_of(accumulator);
    return result_of(accumulator != NULL);
}

METRIC("[dtor]accumulator") void export_close(driftline_accumulator *accumulator) {
    driftline_close(accumulator);
    release_scratch();
}

METRIC("[method]accumulator.update") result *export_update(driftline_accumulator *accumulator) {
    returned = (result){0};
    return result_of(driftline_update(accumulator));
}

METRIC("[method]accumulator.state") result *export_state(driftline_accumulator *accumulator) {
    saved.size = 0;
    bool is_success = driftline_state(accumulator);
    returned = (result){.bytes = {saved.at, saved.size}};
    return result_of(is_success);
}

METRIC("[method]accumulator.merge") result *export_merge(driftline_accumulator *accumulator, const char *at, size_t size) {
    loading = (driftline_text){at, size};
    returned = (result){0};
    return result_of(driftline_merge(accumulator));
}

METRIC("evaluate") result *export_evaluate(driftline_accumulator *current, uint32_t has_reference,
                                           driftline_accumulator *reference) {
    driftline_report report = {0};
    bool is_success = driftline_evaluate(current, has_reference ? reference : NULL, &report);
    returned = (result){.report = report};
    return result_of(is_success);
}

/* The runtime has read the result: what it pointed to can go. */
AFTER("describe") void after_describe(const void *read) { (void)read; release_scratch(); }
AFTER("[static]accumulator.open") void after_open(const void *read) { (void)read; release_scratch(); }
AFTER("[method]accumulator.update") void after_update(const void *read) { (void)read; release_scratch(); }
AFTER("[method]accumulator.state") void after_state(const void *read) { (void)read; release_scratch(); }
AFTER("[method]accumulator.merge") void after_merge(const void *read) { (void)read; release_scratch(); }
AFTER("evaluate") void after_evaluate(const void *read) { (void)read; release_scratch(); }

/* Write Driftline metrics in C: define the functions of "What a plugin is", and compile them together with driftline.c.
 *
 * The contract is wit/metric.wit in Driftline's repository. The structs that go over it are laid out here as the
 * component model's canonical ABI lays out its records, so that lists are handed over without copies.
 */
#ifndef DRIFTLINE_H
#define DRIFTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8, not ended by a zero. Print it with "%.*s" and (int)text.size, text.at. */
typedef struct {
    const char *at;
    size_t size;
} driftline_text;

/* The text of a string that is ended by a zero. */
driftline_text driftline_text_of(const char *string);

/* By bytes: less than, equal to or greater than 0, like strcmp. */
int driftline_compare(driftline_text a, driftline_text b);

/* --- What a plugin is ------------------------------------------------------------------------------------------- */

/* The state of one pass over some rows; a struct of the plugin's own. */
typedef struct driftline_accumulator driftline_accumulator;
typedef struct driftline_report driftline_report;

/* What goes wrong on purpose; shown to the user as written. */
typedef enum {
    DRIFTLINE_INVALID_PARAMETERS, /* they fit the schema but make no sense together */
    DRIFTLINE_INVALID_DATA,       /* the rows or a saved state cannot be used */
    DRIFTLINE_FAILED,             /* anything else */
} driftline_failure;

/* Says why, as printf does; always false, so that it can end a function: return driftline_fail(...). */
bool driftline_fail(driftline_failure failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the last failure says. */
driftline_text driftline_failed(driftline_failure *failure);

/* The plugin's description: a JSON object. */
driftline_text driftline_describe(void);

/* An accumulator of no rows; NULL after driftline_fail. parameters is a JSON object that fits the declared schema,
 * with the defaults filled in. */
driftline_accumulator *driftline_open(driftline_text parameters);
void driftline_close(driftline_accumulator *accumulator);

/* Takes in the current batch. This and what follows is false after driftline_fail. */
bool driftline_update(driftline_accumulator *accumulator);

/* Saves everything that driftline_merge needs, through driftline_save. */
bool driftline_state(const driftline_accumulator *accumulator);

/* Adds the rows behind a saved state, through driftline_load. */
bool driftline_merge(driftline_accumulator *accumulator);

/* Turns accumulated rows into a report. reference is NULL unless the user chose one. */
bool driftline_evaluate(const driftline_accumulator *current, const driftline_accumulator *reference,
                        driftline_report *report);

/* --- The batch: columns by the number of their input, 0 for the description's first ------------------------------ */

/* Of an input that was left out or takes several columns: how many columns it has, and their numbers. Without such
 * inputs, a column's number is its input's. */
size_t driftline_bound(uint32_t input, const uint32_t **columns);

typedef enum { DRIFTLINE_NUMBER, DRIFTLINE_CATEGORY, DRIFTLINE_TIMESTAMP } driftline_kind;

/* How a column is read, and the data set's name for it. Also valid in driftline_open and driftline_evaluate. */
driftline_kind driftline_kind_of(uint32_t column);
driftline_text driftline_name_of(uint32_t column);

/* The number of rows. */
size_t driftline_rows(void);

/* The cells; they stay valid until the plugin's function returns. A missing number is a NaN, a missing timestamp
 * (microseconds since 1970-01-01 UTC) INT64_MIN. */
const double *driftline_numbers(uint32_t column);
const int64_t *driftline_timestamps(uint32_t column);

#define DRIFTLINE_MISSING UINT32_MAX

/* The cells of a category column: labels[codes[row]] unless codes[row] is DRIFTLINE_MISSING. A code means the same
 * label for the life of the plugin's instance, and nothing beyond. */
typedef struct {
    const uint32_t *codes;
    const driftline_text *labels;
    size_t labels_size;
} driftline_categories;
driftline_categories driftline_categories_of(uint32_t column);

/* One bit for each row, least significant first, 1 = present; NULL when no cell is missing. */
const uint8_t *driftline_validity(uint32_t column);

/* Binary truth: 1 for positive rows, 0 for the others, NULL after driftline_fail. Without a positive label (its .at is
 * NULL), 1 and "true" are positive, and whatever is neither positive nor 0 or "false" is a failure. name is what the
 * failure calls the column. */
const uint8_t *driftline_labels(uint32_t column, const char *name, driftline_text positive);

/* --- Memory and text ---------------------------------------------------------------------------------------------- */

/* Zeroed memory that is released when the plugin's function has returned and its result was read. */
void *driftline_scratch(size_t count, size_t size);

/* Printed text in such memory. */
driftline_text driftline_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy that the plugin keeps; release text.at with free. */
driftline_text driftline_keep(driftline_text text);

/* Tells the person running the plugin something. */
typedef enum { DRIFTLINE_DEBUG, DRIFTLINE_INFO, DRIFTLINE_WARN } driftline_level;
void driftline_log(driftline_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- Parameters: members of a JSON object -------------------------------------------------------------------------- */

/* A number, or otherwise when there is none of this name. */
double driftline_json_number(driftline_text object, const char *name, double otherwise);
bool driftline_json_bool(driftline_text object, const char *name, bool otherwise);
/* A string without its escapes; .at is NULL when there is none. */
driftline_text driftline_json_text(driftline_text object, const char *name);

/* --- Saved states ----------------------------------------------------------------------------------------------- */

/* In driftline_state: appends bytes. */
void driftline_save(const void *bytes, size_t size);
void driftline_save_number(double number);
void driftline_save_text(driftline_text text);

/* In driftline_merge: takes bytes in the order they were saved. False when there are not enough left. */
bool driftline_load(void *bytes, size_t size);
bool driftline_load_number(double *number);
bool driftline_load_text(driftline_text *text); /* valid until driftline_merge returns */
/* How many bytes are left. */
size_t driftline_load_left(void);

/* --- Reports ------------------------------------------------------------------------------------------------------ */

/* A number, or a reason why there is none. Texts must stay valid until the result was read: literals, kept ones, and
 * those in scratch memory do. Pointers to values and charts are valid until the next one is added. */
typedef struct {
    driftline_text name;
    bool has_number;
    double number;
    bool has_standard_error;
    double standard_error;
    bool has_note;
    driftline_text note;
} driftline_value;

typedef struct {
    driftline_text name;
    const double *x;
    size_t x_size;
    double *y;
    size_t y_size;
} driftline_series;

typedef struct {
    driftline_text name;
    driftline_text x_label;
    driftline_text y_label;
    driftline_text kind; /* "line", "bars" or "heatmap" */
    driftline_text *categories;
    size_t categories_size;
    driftline_series *series;
    size_t series_size;
} driftline_chart;

driftline_value *driftline_number(driftline_report *report, driftline_text name, double number);
driftline_value *driftline_undefined(driftline_report *report, driftline_text name, driftline_text reason);
void driftline_note(driftline_value *value, driftline_text note);

/* A chart without series, with room for the names of x = 0, 1, 2, ... */
driftline_chart *driftline_chart_of(driftline_report *report, const char *kind, const char *name, driftline_text x_label,
                                    const char *y_label, size_t categories_size);
/* Adds a series at x = 0, 1, 2, ...; the plugin fills in the heights. */
double *driftline_heights(driftline_chart *chart, const char *name, size_t size);
/* Adds a series at other places. */
driftline_series *driftline_points(driftline_chart *chart, const char *name, const double *x, size_t size);

#ifdef __cplusplus
}
#endif

#endif

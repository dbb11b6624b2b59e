/* What wrong predictions cost, by segment.
 *
 * A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their
 * prices here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has
 * changed. */
#include <stdlib.h>

#include "costs.h"

/* The inputs, numbered as in description.json. */
enum { SCORE, LABEL, SEGMENT };

/* The most segments drawn; of more, those with the most rows. */
enum { DRAWN = 30 };

struct driftline_accumulator {
    double cost_false_positive, cost_false_negative, threshold;
    driftline_text positive;
    costs costs;
};

static const char description[] = {
#embed "description.json"
};

driftline_text driftline_describe(void) { return (driftline_text){description, sizeof description}; }

driftline_accumulator *driftline_open(driftline_text parameters) {
    driftline_accumulator *new = calloc(1, sizeof *new);
    if (!new) abort();
    new->cost_false_positive = driftline_json_number(parameters, "cost_false_positive", 1);
    new->cost_false_negative = driftline_json_number(parameters, "cost_false_negative", 5);
    new->threshold = driftline_json_number(parameters, "threshold", 0.5);
    driftline_text positive = driftline_json_text(parameters, "positive");
    if (positive.at) new->positive = driftline_keep(positive);
    return new;
}

void driftline_close(driftline_accumulator *self) {
    costs_close(&self->costs);
    free((char *)self->positive.at);
    free(self);
}

bool driftline_update(driftline_accumulator *self) {
    const double *scores = driftline_numbers(SCORE);
    const uint8_t *labels = driftline_labels(LABEL, "label", self->positive);
    if (!labels) return false;
    driftline_categories cells = driftline_categories_of(SEGMENT);
    segment **by_code = driftline_scratch(cells.labels_size, sizeof *by_code);
    for (size_t row = 0, rows = driftline_rows(); row < rows; row++) {
        uint32_t code = cells.codes[row];
        if (!by_code[code]) by_code[code] = costs_segment(&self->costs, cells.labels[code]);
        bool is_predicted = scores[row] >= self->threshold;
        if (is_predicted && !labels[row]) by_code[code]->cost += self->cost_false_positive;
        if (!is_predicted && labels[row]) by_code[code]->cost += self->cost_false_negative;
        by_code[code]->rows += 1;
    }
    return true;
}

bool driftline_state(const driftline_accumulator *self) {
    for (size_t i = 0; i < self->costs.size; i++) {
        const segment *segment = self->costs.segments[i];
        driftline_save_text(segment->name);
        driftline_save_number(segment->cost);
        driftline_save_number(segment->rows);
    }
    return true;
}

bool driftline_merge(driftline_accumulator *self) {
    while (driftline_load_left()) {
        driftline_text name;
        double cost, rows;
        if (!driftline_load_text(&name) || !driftline_load_number(&cost) || !driftline_load_number(&rows)) {
            return driftline_fail(DRIFTLINE_INVALID_DATA, "the saved state ends early: it was not made by this plugin");
        }
        segment *segment = costs_segment(&self->costs, name);
        segment->cost += cost;
        segment->rows += rows;
    }
    return true;
}

static int by_rows(const void *a, const void *b) {
    const segment *left = *(segment *const *)a, *right = *(segment *const *)b;
    if (left->rows != right->rows) return left->rows < right->rows ? 1 : -1;
    return driftline_compare(left->name, right->name);
}

/* A bar for each segment, beside those of the reference. */
static void draw(driftline_report *report, const costs *current, const costs *reference) {
    segment **drawn = driftline_scratch(current->size, sizeof *drawn);
    for (size_t i = 0; i < current->size; i++) drawn[i] = current->segments[i];
    qsort(drawn, current->size, sizeof *drawn, by_rows);
    size_t size = current->size < DRAWN ? current->size : DRAWN;
    driftline_chart *chart = driftline_chart_of(report, "bars", "Cost by segment", driftline_name_of(SEGMENT),
                                                "cost per prediction", size);
    double *heights = driftline_heights(chart, "current", size);
    for (size_t i = 0; i < size; i++) {
        chart->categories[i] = drawn[i]->name;
        heights[i] = segment_mean(drawn[i]);
    }
    if (!reference) return;
    heights = driftline_heights(chart, "reference", size);
    for (size_t i = 0; i < size; i++) {
        const segment *before = costs_find(reference, drawn[i]->name);
        if (before) heights[i] = segment_mean(before);
    }
}

bool driftline_evaluate(const driftline_accumulator *current, const driftline_accumulator *reference,
                        driftline_report *report) {
    const costs *costs = &current->costs;
    driftline_text mean_name = driftline_text_of("cost_per_prediction");
    double mean, before;
    if (!costs_mean(costs, &mean)) {
        driftline_undefined(report, mean_name, driftline_text_of("no labelled rows in the window"));
        return true;
    }
    driftline_number(report, mean_name, mean);
    if (reference && costs_mean(&reference->costs, &before)) {
        driftline_number(report, driftline_text_of("change"), mean - before);
    }
    const segment *worst = costs->segments[0];
    for (size_t i = 1; i < costs->size; i++) {
        if (segment_mean(costs->segments[i]) >= segment_mean(worst)) worst = costs->segments[i];
    }
    driftline_note(driftline_number(report, driftline_text_of("worst_segment_cost"), segment_mean(worst)),
                   driftline_format("segment %.*s", (int)worst->name.size, worst->name.at));
    for (size_t i = 0; i < costs->size; i++) {
        const segment *segment = costs->segments[i];
        driftline_number(report, driftline_format("cost/%.*s", (int)segment->name.size, segment->name.at),
                         segment_mean(segment));
    }
    draw(report, costs, reference ? &reference->costs : NULL);
    return true;
}

#include "costs.h"

#include <stdlib.h>
#include <string.h>

/* Where a name is, or belongs. */
static size_t place_of(const costs *costs, driftline_text name) {
    size_t low = 0, high = costs->size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (driftline_compare(costs->segments[middle]->name, name) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool is_at(const costs *costs, size_t place, driftline_text name) {
    return place < costs->size && driftline_compare(costs->segments[place]->name, name) == 0;
}

segment *costs_segment(costs *costs, driftline_text name) {
    size_t place = place_of(costs, name);
    if (is_at(costs, place, name)) return costs->segments[place];
    segment *new = calloc(1, sizeof *new);
    segment **segments = realloc(costs->segments, (costs->size + 1) * sizeof *segments);
    if (!new || !segments) abort();
    new->name = driftline_keep(name);
    memmove(segments + place + 1, segments + place, (costs->size - place) * sizeof *segments);
    segments[place] = new;
    costs->segments = segments;
    costs->size++;
    return new;
}

const segment *costs_find(const costs *costs, driftline_text name) {
    size_t place = place_of(costs, name);
    return is_at(costs, place, name) ? costs->segments[place] : NULL;
}

bool costs_mean(const costs *costs, double *mean) {
    double cost = 0, rows = 0;
    for (size_t i = 0; i < costs->size; i++) {
        cost += costs->segments[i]->cost;
        rows += costs->segments[i]->rows;
    }
    *mean = cost / rows;
    return rows > 0;
}

double segment_mean(const segment *segment) { return segment->cost / segment->rows; }

void costs_close(costs *costs) {
    for (size_t i = 0; i < costs->size; i++) {
        free((char *)costs->segments[i]->name.at);
        free(costs->segments[i]);
    }
    free(costs->segments);
}

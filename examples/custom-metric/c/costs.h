/* Costs and rows, by segment: the state. */
#ifndef COSTS_H
#define COSTS_H

#include "driftline.h"

typedef struct {
    driftline_text name;
    double cost;
    double rows;
} segment;

typedef struct {
    segment **segments; /* by name */
    size_t size;
} costs;

/* The segment of a name, which is new and empty unless it is known. It stays where it is. */
segment *costs_segment(costs *costs, driftline_text name);

/* The same, or NULL. */
const segment *costs_find(const costs *costs, driftline_text name);

/* The mean cost of a row; false without rows. */
bool costs_mean(const costs *costs, double *mean);

double segment_mean(const segment *segment);

void costs_close(costs *costs);

#endif

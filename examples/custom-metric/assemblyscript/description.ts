// The contract's JSON object.

export const description = `{
  "name": "cost-by-segment-assemblyscript",
  "version": "1.0.0",
  "doc": "What wrong predictions cost on average, in all and by segment.",
  "inputs": [
    {"name": "score", "kind": "number", "doc": "The model's score; from the threshold on it predicts positive."},
    {"name": "label", "kind": ["number", "category"], "doc": "The truth: 0 or 1, or a boolean."},
    {"name": "segment", "kind": "category", "doc": "What to group by."}
  ],
  "outputs": [
    {"name": "cost_per_prediction", "direction": "lower", "range": [0, null], "doc": "The mean over all rows."},
    {"name": "worst_segment_cost", "direction": "lower", "range": [0, null], "doc": "The largest mean of a segment."},
    {"name": "change", "direction": "lower", "doc": "Cost per prediction, less that of the reference."},
    {"name": "cost/*", "direction": "lower", "range": [0, null], "doc": "The mean over the rows of a segment."}
  ],
  "parameters": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "cost_false_positive": {
        "type": "number", "minimum": 0, "default": 1,
        "description": "What it costs to take a negative for a positive."
      },
      "cost_false_negative": {
        "type": "number", "minimum": 0, "default": 5,
        "description": "What it costs to miss a positive."
      },
      "threshold": {
        "type": "number", "default": 0.5,
        "description": "From this score on a row is predicted positive."
      },
      "positive": {
        "type": ["string", "null"], "default": null,
        "description": "The label of positive rows; without it 1 and true are positive."
      }
    }
  },
  "reference": "optional"
}`;

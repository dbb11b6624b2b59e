// What wrong predictions cost, by segment.
//
// A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their prices
// here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has changed.
#include <algorithm>
#include <ranges>

#include "costs.hpp"
#include "driftline.hpp"

namespace {

// The inputs, numbered as in description.json.
enum : std::uint32_t { score, label, segment };

// The most segments drawn; of more, those with the most rows.
constexpr std::size_t drawn = 30;

constexpr char text[] = {
#embed "description.json"
};

class CostBySegment {
public:
    static constexpr std::string_view description{text, sizeof text};

    explicit CostBySegment(driftline::Parameters parameters)
        : cost_false_positive(parameters.number("cost_false_positive")),
          cost_false_negative(parameters.number("cost_false_negative")), threshold(parameters.number("threshold")),
          positive(parameters.text("positive")) {}

    driftline::Result<> update() {
        auto labels = driftline::truth(label, "label", positive);
        if (!labels) return std::unexpected(labels.error());
        auto cells = driftline::categories(segment);
        std::vector<Segment *> by_code(cells.labels.size());
        for (auto [number, is_positive, code] : std::views::zip(driftline::numbers(score), *labels, cells.codes)) {
            auto *&segment = by_code[code];
            if (!segment) segment = &costs.segment(driftline::lift(cells.labels[code]));
            bool is_predicted = number >= threshold;
            if (is_predicted && !is_positive) segment->cost += cost_false_positive;
            if (!is_predicted && is_positive) segment->cost += cost_false_negative;
            segment->rows += 1;
        }
        return {};
    }

    void save(driftline::Saved &state) const {
        for (const auto &[name, segment] : costs) {
            state.text(name);
            state.number(segment.cost);
            state.number(segment.rows);
        }
    }

    driftline::Result<> merge(driftline::Loaded &state) {
        while (!state.is_empty()) {
            auto name = state.text();
            auto cost = state.number(), rows = state.number();
            for (const auto &number : {cost, rows}) {
                if (!number) return std::unexpected(number.error());
            }
            costs.segment(*name) += Segment{*cost, *rows};
        }
        return {};
    }

    driftline::Result<> evaluate(const CostBySegment *reference, driftline::Report &report) const {
        auto mean = costs.mean();
        if (!mean) {
            report.undefined("cost_per_prediction", "no labelled rows in the window");
            return {};
        }
        report.number("cost_per_prediction", *mean);
        if (auto before = reference ? reference->costs.mean() : std::nullopt) report.number("change", *mean - *before);
        auto worst = costs.begin();
        for (auto place = costs.begin(); place != costs.end(); ++place) {
            if (place->second.mean() >= worst->second.mean()) worst = place;
        }
        report.number("worst_segment_cost", worst->second.mean(), "segment " + worst->first);
        for (const auto &[name, segment] : costs) report.number("cost/" + name, segment.mean());
        draw(reference ? &reference->costs : nullptr, report);
        return {};
    }

private:
    // A bar for each segment, beside those of the reference.
    void draw(const Costs *reference, driftline::Report &report) const {
        std::vector<std::string_view> names(std::from_range, costs | std::views::keys);
        std::ranges::stable_sort(names, std::greater(), [&](auto name) { return costs.find(name)->second.rows; });
        names.resize(std::min(names.size(), drawn));
        auto heights = [&](const Costs &costs) {
            std::vector<double> heights;
            for (auto name : names) {
                auto place = costs.find(name);
                heights.push_back(place == costs.end() ? 0.0 : place->second.mean());
            }
            return heights;
        };
        std::vector<driftline::Series> series{{"current", heights(costs)}};
        if (reference) series.push_back({"reference", heights(*reference)});
        report.bars("Cost by segment", driftline::name_of(segment), "cost per prediction", names, series);
    }

    double cost_false_positive, cost_false_negative, threshold;
    std::optional<std::string> positive;
    Costs costs;
};

} // namespace

DRIFTLINE_PLUGIN(CostBySegment)

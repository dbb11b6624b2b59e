// Write Driftline metrics in C++23: a class, named in DRIFTLINE_PLUGIN, compiled together with driftline.c.
//
//   class MeanError {
//   public:
//       static constexpr std::string_view description = "...";            // the contract's JSON object
//       explicit MeanError(driftline::Parameters parameters);
//       driftline::Result<> update();                                      // takes in the batch
//       void save(driftline::Saved &state) const;
//       driftline::Result<> merge(driftline::Loaded &state);
//       driftline::Result<> evaluate(const MeanError *reference, driftline::Report &report) const;
//   };
//   DRIFTLINE_PLUGIN(MeanError)
//
// There are no exceptions: failures are values. Columns go by the number of their input; see driftline.h.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driftline.h"

namespace driftline {

inline driftline_text lower(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view lift(driftline_text text) { return {text.at, text.size}; }

// An expected failure, shown to the user as written.
struct Failure {
    driftline_failure kind;
    std::string text;

    static std::unexpected<Failure> parameters(std::string text) { return of(DRIFTLINE_INVALID_PARAMETERS, std::move(text)); }
    static std::unexpected<Failure> data(std::string text) { return of(DRIFTLINE_INVALID_DATA, std::move(text)); }
    static std::unexpected<Failure> failed(std::string text) { return of(DRIFTLINE_FAILED, std::move(text)); }

private:
    static std::unexpected<Failure> of(driftline_failure kind, std::string text) {
        return std::unexpected(Failure{kind, std::move(text)});
    }
};

template <typename T = void> using Result = std::expected<T, Failure>;

// What the user chose, with the schema's defaults filled in.
class Parameters {
public:
    explicit Parameters(driftline_text object) : object(object) {}
    double number(const char *name) const { return driftline_json_number(object, name, 0); }
    bool boolean(const char *name) const { return driftline_json_bool(object, name, false); }
    std::optional<std::string> text(const char *name) const {
        auto text = driftline_json_text(object, name);
        return text.at ? std::optional(std::string(lift(text))) : std::nullopt;
    }

private:
    driftline_text object;
};

inline std::size_t rows() { return driftline_rows(); }
inline std::span<const double> numbers(std::uint32_t column) { return {driftline_numbers(column), rows()}; }
inline std::span<const std::int64_t> timestamps(std::uint32_t column) { return {driftline_timestamps(column), rows()}; }
inline std::string_view name_of(std::uint32_t column) { return lift(driftline_name_of(column)); }

// The cells of a category column: labels[codes[row]], beyond the end when missing. Labels live as long as the plugin.
struct Categories {
    std::span<const std::uint32_t> codes;
    std::span<const driftline_text> labels;
};

inline Categories categories(std::uint32_t column) {
    auto cells = driftline_categories_of(column);
    return {{cells.codes, rows()}, {cells.labels, cells.labels_size}};
}

// Binary truth, 1 for positive rows; see driftline_labels.
inline Result<std::span<const std::uint8_t>> truth(std::uint32_t column, const char *name,
                                                   const std::optional<std::string> &positive) {
    auto *labels = driftline_labels(column, name, positive ? lower(*positive) : driftline_text{});
    if (labels) return std::span(labels, rows());
    driftline_failure kind;
    auto text = driftline_failed(&kind);
    return std::unexpected(Failure{kind, std::string(lift(text))});
}

class Saved {
public:
    void number(double number) { driftline_save_number(number); }
    void text(std::string_view text) { driftline_save_text(lower(text)); }
};

// A saved state, read in the order it was written.
class Loaded {
public:
    bool is_empty() const { return driftline_load_left() == 0; }
    Result<double> number() {
        double number;
        if (driftline_load_number(&number)) return number;
        return early();
    }
    // Valid until merge returns.
    Result<std::string_view> text() {
        driftline_text text;
        if (driftline_load_text(&text)) return lift(text);
        return early();
    }

private:
    static std::unexpected<Failure> early() {
        return Failure::data("the saved state ends early: it was not made by this plugin");
    }
};

struct Series {
    std::string name;
    std::vector<double> heights; // at x = 0, 1, 2, ...
};

// Numbers, reasons and pictures; texts are copied.
class Report {
public:
    explicit Report(driftline_report *report) : report(report) {}

    void number(std::string_view name, double number) { driftline_number(report, copy(name), number); }
    void number(std::string_view name, double number, std::string_view note) {
        driftline_note(driftline_number(report, copy(name), number), copy(note));
    }
    void undefined(std::string_view name, std::string_view reason) {
        driftline_undefined(report, copy(name), copy(reason));
    }
    void bars(const char *name, std::string_view x_label, const char *y_label, std::span<const std::string_view> names,
              std::span<const Series> series) {
        auto *chart = driftline_chart_of(report, "bars", name, copy(x_label), y_label, names.size());
        for (std::size_t i = 0; i < names.size(); i++) chart->categories[i] = copy(names[i]);
        for (const auto &one : series) {
            auto *heights = driftline_heights(chart, copy(one.name).at, one.heights.size());
            std::copy(one.heights.begin(), one.heights.end(), heights);
        }
    }

private:
    static driftline_text copy(std::string_view text) {
        return driftline_format("%.*s", static_cast<int>(text.size()), text.data());
    }

    driftline_report *report;
};

// False after telling the contract why.
inline bool succeeds(const Result<> &result) {
    if (result) return true;
    return driftline_fail(result.error().kind, "%s", result.error().text.c_str());
}

} // namespace driftline

#define DRIFTLINE_PLUGIN(Metric)                                                                                        \
    struct driftline_accumulator {                                                                                      \
        Metric metric;                                                                                                  \
    };                                                                                                                  \
    driftline_text driftline_describe() { return driftline::lower(Metric::description); }                               \
    driftline_accumulator *driftline_open(driftline_text parameters) {                                                  \
        return new driftline_accumulator{Metric(driftline::Parameters(parameters))};                                    \
    }                                                                                                                   \
    void driftline_close(driftline_accumulator *self) { delete self; }                                                  \
    bool driftline_update(driftline_accumulator *self) { return driftline::succeeds(self->metric.update()); }           \
    bool driftline_state(const driftline_accumulator *self) {                                                           \
        driftline::Saved state;                                                                                         \
        self->metric.save(state);                                                                                       \
        return true;                                                                                                    \
    }                                                                                                                   \
    bool driftline_merge(driftline_accumulator *self) {                                                                 \
        driftline::Loaded state;                                                                                        \
        return driftline::succeeds(self->metric.merge(state));                                                          \
    }                                                                                                                   \
    bool driftline_evaluate(const driftline_accumulator *current, const driftline_accumulator *reference,               \
                            driftline_report *report) {                                                                 \
        driftline::Report written(report);                                                                              \
        return driftline::succeeds(current->metric.evaluate(reference ? &reference->metric : nullptr, written));        \
    }

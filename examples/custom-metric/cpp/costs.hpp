// Costs and rows, by segment: the state.
#pragma once

#include <map>
#include <optional>
#include <string>

struct Segment {
    double cost = 0;
    double rows = 0;

    double mean() const { return cost / rows; }

    Segment &operator+=(const Segment &other) {
        cost += other.cost;
        rows += other.rows;
        return *this;
    }
};

// By name; a segment stays where it is.
class Costs : public std::map<std::string, Segment, std::less<>> {
public:
    // The segment of a name, which is new and empty unless it is known.
    Segment &segment(std::string_view name) {
        auto place = find(name);
        return place == end() ? (*this)[std::string(name)] : place->second;
    }

    // The mean cost of a row; nothing without rows.
    std::optional<double> mean() const {
        Segment all;
        for (const auto &[name, segment] : *this) all += segment;
        return all.rows > 0 ? std::optional(all.mean()) : std::nullopt;
    }
};

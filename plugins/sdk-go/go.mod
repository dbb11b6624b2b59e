module driftline

go 1.27

module cost-by-segment

go 1.27

require driftline v0.1.0

replace driftline => ../../../plugins/sdk-go

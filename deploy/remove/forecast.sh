#!/bin/sh
# Removes the forecast from this repository: docs/RECIPES.md, Remove a part.
set -e
git rm -rq --ignore-unmatch \
  dags/weekly_sales_forecast.py \
  dags/forecast_model_selection.py \
  plugins/ecommerce/forecast \
  plugins/ecommerce/cli/forecast.py \
  plugins/ecommerce/pages/views/forecast.py \
  include/scripts/fetch_partner_files.sh \
  include/sql/forecast \
  include/sql/transform/forecast \
  include/sql/warehouse/loads/forecasts \
  include/sql/warehouse/tables/sales_forecasts/load.sql \
  include/templates/drift_mail.html \
  include/templates/drift_mail.txt \
  include/templates/forecast \
  include/templates/forecast.typ \
  include/templates/forecast_mail.html \
  include/templates/forecast_mail.txt \
  include/templates/selection_mail.html \
  include/templates/selection_mail.txt \
  include/templates/week_mail.html \
  include/templates/week_mail.txt \
  include/templates/pages/forecast.html \
  benchmarks/forecast.py \
  benchmarks/forecast_data.py \
  benchmarks/forecast_peers.py \
  tests/unit/forecast \
  tests/unit/pages/views/test_forecast.py \
  tests/partner_ftp.py \
  tests/integration/partner_ftp \
  tests/integration/test_check.py \
  tests/integration/test_forecast.py \
  tests/integration/test_forecast_report.py \
  tests/integration/test_forecast_scheduler.py \
  tests/integration/warehouse/test_forecast_scores.py \
  tests/integration/warehouse/test_week_watch.py \
  tests/unit/demo/test_partner_ftp.py
sed -i '/PARTNER_FTP\|check_partner_ftp/d' plugins/ecommerce/cli/check.py
sed -i '/forecast/d' plugins/ecommerce/cli/__main__.py plugins/ecommerce/pages/application.py plugins/ecommerce/pages/navigation.py
sed -i '/forecast_tasks\|FORECASTS\|publish_two_forecasts/d' dags/report_watch.py tests/googlesql.py tests/unit/pages/made_up.py
sed -i 's/^FORECASTS = .*/FORECASTS = []/' tests/unit/pages/test_permissions.py

#!/bin/sh
# Removes the product catalogue from this repository: docs/RECIPES.md, Remove a part.
set -e
git rm -rq --ignore-unmatch \
  dags/product_catalogue_refresh.py \
  plugins/ecommerce/catalogue \
  include/scripts/fetch_catalogue.sh \
  include/sql/transform/catalogue \
  include/sql/warehouse/loads/catalogue \
  include/sql/warehouse/tables/product_pictures/load.sql \
  include/templates/catalogue_mail.html \
  include/templates/catalogue_mail.txt \
  tests/unit/catalogue \
  tests/integration/catalogue_run.py \
  tests/integration/test_check.py \
  tests/integration/test_catalogue_dag.py \
  tests/integration/test_catalogue_recipe.py \
  tests/integration/test_fetch_catalogue.py \
  tests/integration/warehouse/test_catalogue.py
sed -i '/CATALOGUE\|check_catalogue/d' plugins/ecommerce/cli/check.py tests/googlesql.py

-- DuckDB, after transform/values.sql: values of a partner with a layout of its own (include/partners/) as the standard
-- layout has them. A value that does not fit is kept with the reason behind it, and the transform rejects its line.

-- Names of time zones that programs write. One with several meanings has that of the United States, or of Great Britain
-- (BST); IST, which has three, is none.
SET VARIABLE zone_offsets = MAP {
    'Z': '+00:00', 'UTC': '+00:00', 'GMT': '+00:00', 'WET': '+00:00', 'WEST': '+01:00', 'BST': '+01:00',
    'CET': '+01:00', 'MEZ': '+01:00', 'CEST': '+02:00', 'MESZ': '+02:00', 'EET': '+02:00', 'EEST': '+03:00',
    'MSK': '+03:00', 'JST': '+09:00', 'KST': '+09:00', 'AWST': '+08:00', 'ACST': '+09:30', 'ACDT': '+10:30',
    'AEST': '+10:00', 'AEDT': '+11:00', 'NZST': '+12:00', 'NZDT': '+13:00', 'NST': '-03:30', 'NDT': '-02:30',
    'AST': '-04:00', 'ADT': '-03:00', 'EST': '-05:00', 'EDT': '-04:00', 'CST': '-06:00', 'CDT': '-05:00',
    'MST': '-07:00', 'MDT': '-06:00', 'PST': '-08:00', 'PDT': '-07:00', 'AKST': '-09:00', 'AKDT': '-08:00',
    'HST': '-10:00'
};

CREATE OR REPLACE MACRO with_offset(value) AS coalesce(
    regexp_replace(
        value, '[A-Za-z]{1,5}$', getvariable('zone_offsets')[upper(regexp_extract(value, '[A-Za-z]{1,5}$'))]
    ),
    -- GMT+01:00, UTC+1
    regexp_replace(
        regexp_replace(replace(value, '−', '-'), '(?i)\b(?:GMT|UTC) ?([-+]\d)', '\1'),
        '((?::\d\d|m) ?[-+])(\d)$', '\10\2'
    )
);

-- The time zone behind a time: America/New_York.
CREATE OR REPLACE MACRO named_zone(value) AS regexp_extract(value, '[A-Za-z]+(?:/[A-Za-z_]+)+$');

-- Blanks, halves of the day, September and the end of a day as strptime reads them: `11:54 p.m.` with any blank,
-- `Sept 3`, `24:00`, to which `days_after` adds a day.
CREATE OR REPLACE MACRO plain_time(value) AS regexp_replace(
    regexp_replace(
        regexp_replace(
            trim(regexp_replace(value, '[\s\p{Zs}]+', ' ', 'g')),
            '(?i)\b([ap])[.] ?m[.]', '\1m'
        ),
        '(?i)\b(sep)t\b', '\1'
    ),
    '(^|[^\d:])24(:00(?::00)?)($|[^\d:])', '\100\2\3'
);

CREATE OR REPLACE MACRO days_after(value) AS CASE
    WHEN regexp_matches(value, '(^|[^\d:])24(:00(?::00)?)($|[^\d:])') THEN INTERVAL 1 DAY
    ELSE INTERVAL 0 DAY
END;

-- A text with single blanks, as a layout writes it: cells may have tabs, line feeds and blanks that do not break.
CREATE OR REPLACE MACRO plain_text(value) AS trim(regexp_replace(value, '[\s\p{Zs}]+', ' ', 'g'));

-- A time with a year of four digits: strptime reads 26 as the year 26, and the next format may be `%y`.
CREATE OR REPLACE MACRO with_whole_year(instant) AS CASE WHEN year(instant) >= 1000 THEN instant END;

-- A cell without what hides it from a spreadsheet: the formula ="0012", or a tab behind it. Etsy and eBay write two
-- dashes for no value.
CREATE OR REPLACE MACRO shown_cell(value) AS CASE
    WHEN value = '--' THEN NULL
    WHEN value LIKE '="%"' THEN substr(value, 3, length(value) - 3)
    WHEN suffix(value, chr(9)) THEN rtrim(value, chr(9))
    ELSE value
END;

{# Points between thousands leave the comma for decimals: of Indonesia's 150.000, no other amount may show that. #}
{% set decimal_comma = layout.decimal_comma or layout.thousands == "." %}
{% set thousands = layout.thousands or ("." if decimal_comma else none) %}
{% set between = {",": ",", ".": "[.]", " ": "[ \\x{A0}\\x{2009}\\x{202F}]", "'": "[''’]"}[thousands] if thousands else "" %}
{% set decimal = "," if decimal_comma else "[.]" %}
{% set blanks = "[\\s\\p{Zs}]*" %}
{% set dash = "[-−–—‑－]" %}
{% set word = "(?:[A-Za-z]{1,3}[\\s\\p{Zs}]?)?\\p{Sc}|(?i:z[łl]|k[čc]|ft|kr|s?fr|r[smp]?|tl|dh|sr|s/|лв|руб|грн)[.]?|円|元|원|[A-Za-z]{3}" %}
{% set currency = blanks ~ "(" ~ word ~ ")?" ~ blanks %}
{% set grouped = "\\d{1,3}(?:" ~ between ~ "\\d{3})+|" if thousands else "" %}
{# 12,34,567 of India #}
{% set grouped = grouped ~ "\\d{1,2}(?:,\\d{2})+,\\d{3}|" if thousands == "," else grouped %}
{% set digits = "((?:" ~ grouped ~ "\\d+)(?:" ~ decimal ~ "\\d*)?|" ~ decimal ~ "\\d+)" %}
-- The parts of an amount, which may be in brackets and have a sign and a currency on either side. Dashes in place of
-- decimals are no sign: `12,-` is twelve.
CREATE OR REPLACE MACRO parts_of_amount(value) AS regexp_extract(
    regexp_replace(
        regexp_replace(value, '(\d)(?:{{ decimal }}|:)(?:[-−–—]|--)({{ blanks }}(?:\pL|\p{Sc}|\)|$))', '\1\2'),
        '^{{ currency }}\(([^()]*)\){{ currency }}$', '-\1\2\3'
    ),
    '^{{ blanks }}(\+|{{ dash }})?{{ currency }}(\+|{{ dash }})?{{ blanks }}{{ digits }}{{ blanks }}([-+−]?){{ currency }}([-+−]?){{ blanks }}$',
    ['sign', 'currency', 'inner_sign', 'digits', 'inner_sign_behind', 'currency_behind', 'sign_behind']
);

-- The currencies that a word may mean.
SET VARIABLE currencies_of_words = MAP {
    '€': ['EUR'], '£': ['GBP'], '¥': ['JPY', 'CNY'], '￥': ['JPY', 'CNY'], '円': ['JPY'], '元': ['CNY', 'TWD'],
    '₩': ['KRW'], '원': ['KRW'], '₹': ['INR'], 'rs': ['INR', 'PKR', 'LKR', 'NPR', 'MUR'], '₺': ['TRY'], 'tl': ['TRY'], '₽': ['RUB'],
    'руб': ['RUB', 'BYN'], '₴': ['UAH'], 'грн': ['UAH'], '₪': ['ILS'], '฿': ['THB'], '₫': ['VND'], '₱': ['PHP'],
    'r': ['ZAR'], 'dh': ['AED', 'MAD'], 'sr': ['SAR'], 's/': ['PEN'], 'din': ['RSD'], 'rmb': ['CNY'], 'nis': ['ILS'],
    '$': [
        'USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'TWD', 'MXN', 'ARS', 'BRL', 'CLP', 'COP', 'CUP', 'DOP', 'UYU', 'BBD', 'BMD',
        'BND', 'BSD', 'BZD', 'FJD', 'GYD', 'JMD', 'KYD', 'LRD', 'NAD', 'NIO', 'SBD', 'SRD', 'TOP', 'TTD', 'XCD'
    ],
    'us$': ['USD'], 'r$': ['BRL'], 'c$': ['CAD'], 'ca$': ['CAD'], 'a$': ['AUD'], 'au$': ['AUD'], 'nz$': ['NZD'], 's$': ['SGD'],
    'hk$': ['HKD'], 'nt$': ['TWD'], 'mx$': ['MXN'], 'mex$': ['MXN'], 'rm': ['MYR'], 'rp': ['IDR'], 'zł': ['PLN'], 'zl': ['PLN'], 'kč': ['CZK'], 'kc': ['CZK'], 'ft': ['HUF'], 'lei': ['RON', 'MDL'],
    'лв': ['BGN'], 'kr': ['SEK', 'NOK', 'DKK', 'ISK'], 'fr': ['CHF'], 'sfr': ['CHF']
};

CREATE OR REPLACE MACRO currencies_of(word) AS coalesce(
    getvariable('currencies_of_words')[word],
    list_filter([upper(regexp_extract(word, '^([a-z]{3})\p{Sc}?$', 1))], LAMBDA code: code <> '')
);

-- Whether a word of an amount, perhaps none, is another currency than that of its line.
CREATE OR REPLACE MACRO is_foreign(word, own_currency) AS coalesce(
    len(currencies_of(lower(regexp_replace(word, '[.\s\p{Zs}]', '', 'g')))) > 0
    AND NOT list_contains(
        currencies_of(lower(regexp_replace(word, '[.\s\p{Zs}]', '', 'g'))), upper(trim(own_currency))
    ),
    FALSE
);

CREATE OR REPLACE MACRO plain_number(value, own_currency) AS CASE
    WHEN nullif(trim(value), '') IS NULL THEN value
    -- Nearly all values, in a fraction of the time.
    WHEN regexp_full_match(value, '\d+(?:{{ decimal }}\d+)?') THEN replace(value, '{{ "," if decimal_comma else "." }}', '.')
    -- Programs write a dash for no amount.
    WHEN regexp_full_match(value, '{{ currency }}{{ dash }}{{ currency }}') THEN NULL
    ELSE list_transform(
        [parts_of_amount(value)],
        LAMBDA parts: CASE
            WHEN parts.digits = '' THEN value || '{{ " (not a number with a decimal comma)" if decimal_comma }}'
            WHEN is_foreign(parts.currency, own_currency) OR is_foreign(parts.currency_behind, own_currency)
                THEN value || ' (not in ' || trim(own_currency) || ')'
            ELSE concat(
                CASE
                    WHEN regexp_matches(
                        concat(parts.sign, parts.inner_sign, parts.inner_sign_behind, parts.sign_behind), '{{ dash }}'
                    )
                        THEN '-'
                END,
                replace(
                    {{ "regexp_replace(parts.digits, '" ~ between ~ "', '', 'g')" if thousands else "parts.digits" }},
                    '{{ "," if decimal_comma else "." }}',
                    '.'
                )
            )
        END
    )[1]
END;

-- A rate in percent. A fraction such as 0.19 would be a hundredth of the tax; 0.5 % is none.
CREATE OR REPLACE MACRO percentage(rate) AS CASE
    WHEN as_amount(rtrim(rate, '% ')) = 0 OR as_amount(rtrim(rate, '% ')) BETWEEN 1 AND 100 THEN rtrim(rate, '% ')
    WHEN contains(rate, '%') AND as_amount(rtrim(rate, '% ')) BETWEEN 0 AND 1 THEN rtrim(rate, '% ')
    ELSE as_text(rate) || ' (not a tax rate in percent)'
END;

CREATE OR REPLACE MACRO turned(number) AS CASE
    WHEN number LIKE '-%' THEN substr(number, 2)
    WHEN trim(number) = '' THEN number
    ELSE '-' || number
END;

-- The part of an amount that a line has by its weight: `until` is the sum of the weights up to the line, with its own.
-- The parts of all lines add up to the amount.
CREATE OR REPLACE MACRO part_of(amount, weight, until, whole) AS CASE
    WHEN whole > 0
        THEN
            share_of(amount, ten_thousandths(until), ten_thousandths(whole))
            - share_of(amount, ten_thousandths(until - weight), ten_thousandths(whole))
END;

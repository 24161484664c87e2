from ecommerce.reporting import fonts


def test_the_fonts_come_with_packages_and_with_include():
    for path in fonts.paths().values():
        assert path.is_file()
        assert "/usr/share" not in str(path)


def test_what_means_nothing_to_anybody_is_replaced():
    assert fonts.printable("a\ue000b\U0010fffdc\ufffed\x00e\ud800f") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"
    assert fonts.printable("\ufeffTeapot") == "Teapot"
    assert fonts.printable("a\tb\nc 🎁 日本") == "a\tb\nc 🎁 日本"

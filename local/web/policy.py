"""What each page may load and do: a Content-Security-Policy with nothing in it but what the page needs."""

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# A page without scripts, which may frame a mail.
PLAIN = f"{_NOTHING}; style-src 'self'; img-src 'self' data:; frame-src 'self'"

# A mail as a mail program shows it: with the styles it carries, without scripts, its links in tabs of their own.
MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def demo(api_url: str) -> str:
    """As strict as a host platform's can be: the elements' script from the API, and nothing inline."""
    return (
        f"{_NOTHING}; script-src 'self' {api_url}/ui/; style-src 'self'; connect-src 'self' {api_url}/; "
        "img-src 'self' data:; frame-src 'self'; require-trusted-types-for 'script'; trusted-types lit-html"
    )


def console(api_url: str) -> str:
    """Swagger UI sets styles of its own."""
    return (
        f"{_NOTHING}; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' {api_url}/; "
        "img-src 'self' data:"
    )


def graphiql(api_url: str) -> str:
    """So does GraphiQL, whose style sheet has its fonts in it."""
    return f"{console(api_url)}; font-src data:"

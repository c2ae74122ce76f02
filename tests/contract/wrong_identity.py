"""Wrong names, versions, types, sources."""

# ruff: noqa: E501 (a table is read by its rows: one situation, one line)

from typing import Final

from tests.contract.manifests import DIGEST, DROP, job, service, webhook
from tests.contract.wrong import Wrong

_SOURCE: Final = "spec.source"
_REF: Final = "spec.source.image.ref"
_NAME: Final = "metadata.name"

IDENTITY: Final = [
    Wrong("no spec", service(), {"spec": DROP}, "spec", "Required value"),
    Wrong("an empty spec", service(), {"spec": {}}, "spec.source", "Required value"),
    Wrong("spec is null", service(), {"spec": None}, "spec", "Required value"),
    Wrong("spec is a list", service(), {"spec": []}, "spec", "must be of type object"),
    Wrong("a name of 41 characters", service(), {_NAME: "a" * 41}, _NAME, "at most 40 characters"),
    Wrong("a name with a dot", service(), {_NAME: "a.b"}, _NAME, "metadata.name is not allowed"),
    Wrong("a name with a leading digit", service(), {_NAME: "9lives"}, _NAME, "starting with a letter"),
    Wrong("a name with two dashes in a row", service(), {_NAME: "a--b"}, _NAME, "single '-'"),
    Wrong("a punycode name", service(), {_NAME: "xn--greffe-bva"}, _NAME, "single '-'"),
    Wrong("a name with a look-alike letter", service(), {_NAME: "\u0430dmin"}, _NAME, "must consist of"),
    Wrong("an unknown type", service(), {"spec.type": "Perl"}, "spec.type", 'Unsupported value: "Perl"'),
    Wrong("a version with a leading v", service(), {"spec.version": "v1.2.3"}, "spec.version", "MAJOR.MINOR.PATCH"),
    Wrong("a version of two numbers", service(), {"spec.version": "1.2"}, "spec.version", "MAJOR.MINOR.PATCH"),
    Wrong("a version that YAML reads as a number", service(), {"spec.version": 1.4}, "spec.version", "of type string"),
    Wrong("an unknown criticality", service(), {"spec.criticality": "low"}, "spec.criticality", '"Low"'),
    Wrong("suspend written as a word", service(), {"spec.suspend": "yes"}, "spec.suspend", "of type boolean"),
    Wrong("a homepage that is a script", service(), {"spec.about.homepage": "javascript:alert(1)"}, "spec.about.homepage", "should match"),
]  # fmt: skip

SOURCES: Final = [
    Wrong("no source", service(), {_SOURCE: DROP}, _SOURCE, "Required value"),
    Wrong("an empty source", service(), {_SOURCE: {}}, _SOURCE, "exactly one of"),
    Wrong("image and script at once", service(), {"spec.source.inline": {"files": {"main.py": ""}}}, _SOURCE, "exactly one of"),
    Wrong("a Container from a script", service(), {_SOURCE: {"inline": {"files": {"a": ""}}}}, _SOURCE, "must be image"),
    Wrong("a script from an image", job(), {_SOURCE: {"image": {"ref": "a:1"}}}, _SOURCE, "only for type Container"),
    Wrong("a script from a URL", job(), {_SOURCE: {"url": "https://a.example/x"}}, _SOURCE, "only for type Webhook"),
    Wrong("a Webhook without URL", webhook(), {_SOURCE: {"configMap": {"name": "a"}}}, _SOURCE, "must be url"),
    Wrong("an image with a scheme", service(), {_REF: "https://registry.example/a:1"}, _REF, "drop the scheme"),
    Wrong("an image with credentials", service(), {_REF: "ada:secret@registry.example/a:1"}, _REF, "pullSecrets"),
    Wrong("an image with a space", service(), {_REF: "registry.example/a b:1"}, _REF, "not an image name"),
    Wrong("an image that climbs", service(), {_REF: "registry.example/../a:1"}, _REF, "not an image name"),
    Wrong("an image in upper case", service(), {_REF: "registry.example/App:1"}, _REF, "lower case"),
    Wrong("an image from port 99999", service(), {_REF: "registry.example:99999/a:1"}, _REF, "not an image name"),
    Wrong("an image from an IPv6 address", service(), {_REF: "[2001:db8::1]/a:1"}, _REF, "not an image name"),
    Wrong("an image from a look-alike host", service(), {_REF: "registry.\u0435xample/a:1"}, _REF, "not an image name"),
    Wrong("an image of 4,000 characters", service(), {_REF: "a" * 4000 + ":1"}, _REF, "may not be more than 512"),
    Wrong("the tag latest", service(), {_REF: "registry.example/a:latest"}, _REF, "tag other than latest"),
    Wrong("no tag, though the registry has a port", service(), {_REF: "registry.example:5000/a"}, _REF, "needs a digest"),
    Wrong("a short digest", service(), {_REF: "a@" + DIGEST[:-1]}, _REF, "64 lower-case hex digits"),
    Wrong("a digest in upper case", service(), {_REF: "a@" + DIGEST.upper()}, _REF, "64 lower-case hex digits"),
    Wrong("a digest of another algorithm", service(), {_REF: "a@md5:" + "0" * 32}, _REF, "sha256:"),
    Wrong("a pull secret of another namespace", service(), {"spec.source.image.pullSecrets": [{"name": "other/pull"}]}, "spec.source.image.pullSecrets[0].name", "should match"),
    Wrong("a ConfigMap of another namespace", job(), {_SOURCE: {"configMap": {"name": "other/source"}}}, "spec.source.configMap.name", "should match"),
    Wrong("a file name with a directory", job(), {"spec.source.inline.files": {"main.py": "", "../x": ""}}, "spec.source.inline.files", "there are no directories"),
    Wrong("64 KiB and one byte of script", job(), {"spec.source.inline.files": {"main.py": "", "a": "x" * 65536, "b": "x"}}, "spec.source.inline.files", "larger than 64 KiB"),
    Wrong("64 KiB of script in letters of two bytes", job(), {"spec.source.inline.files": {"main.py": "\u00e9" * 40000}}, "spec.source.inline.files", "larger than 64 KiB"),
    Wrong("a NUL in a script", job(), {"spec.source.inline.files": {"main.py": "a\u0000b"}}, "spec.source.inline.files", "NUL character"),
    Wrong("no file to start in Python", job(), {"spec.source.inline.files": {"app.py": ""}}, "spec.source.inline.files", "has no main.py"),
    Wrong("no file to start in Bash", job(), {"spec.type": "Bash"}, "spec.source.inline.files", "has no main.sh"),
    Wrong("a URL without TLS", webhook(), {"spec.source.url": "http://hooks.example.com/x"}, "spec.source.url", "https://"),
    Wrong("a URL of a file", webhook(), {"spec.source.url": "file:///etc/passwd"}, "spec.source.url", "https://"),
    Wrong("a URL with a password", webhook(), {"spec.source.url": "https://a:b@hooks.example.com/x"}, "spec.source.url", "without user, password"),
    Wrong("a URL of the metadata address", webhook(), {"spec.source.url": "https://169.254.169.254/latest"}, "spec.source.url", "write the DNS name"),
    Wrong("a URL of an address as one number", webhook(), {"spec.source.url": "https://2852039166/"}, "spec.source.url", "write the DNS name"),
    Wrong("a URL of localhost", webhook(), {"spec.source.url": "https://localhost:8443/"}, "spec.source.url", "write the DNS name"),
]  # fmt: skip

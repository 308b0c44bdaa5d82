# Thin names for commands that are written out in README.md and CONTRIBUTING.md.

# What can be asked for
default:
    @just --list

# The service with a demo shop
demo:
    cargo run -- demo

# Formatting, lints, documentation
check:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

# Tests, on both databases where PostgreSQL is installed
test *arguments:
    cargo test --locked {{ arguments }}

# The checked-in OpenAPI document, written anew
openapi:
    cargo run --quiet -- openapi > openapi/openapi.json

# All that CI checks
ci:
    bash .ci/run

"""Load and latency figures of this machine; docs/performance.md explains them."""

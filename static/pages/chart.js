// Draws every canvas with `data-chart`, in the colours of the page: when it is loaded, when it is
// swapped in, and when the person changes between light and dark.

const charts = new Map();

const english = new Intl.NumberFormat("en");

// As the page beside it writes numbers, which isn't always as the browser would.
function written(value, separators) {
    const parts = english.formatToParts(value);
    return parts.map((part) => separators[part.type] ?? part.value).join("");
}

function draw(canvas) {
    const chart = JSON.parse(canvas.dataset.chart);
    const style = getComputedStyle(canvas);
    const tone = (name) => style.getPropertyValue(`--chart-${name}`).trim();
    const figure = (value) => `${written(value, chart.separators)}${chart.unit}`;
    const stacked = chart.kind === "bar";
    const ticks = { color: tone("text"), maxRotation: 0 };
    charts.get(canvas)?.destroy();
    charts.set(
        canvas,
        new Chart(canvas, {
            type: chart.kind,
            data: {
                labels: chart.labels,
                datasets: chart.series.map((series) => ({
                    label: series.name,
                    data: series.figures,
                    backgroundColor: tone(series.tone),
                    borderColor: tone(series.tone),
                    borderWidth: stacked ? 0 : 2,
                    pointRadius: 2,
                    spanGaps: true,
                })),
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                plugins: {
                    legend: {
                        display: chart.series.length > 1,
                        align: "end",
                        labels: { color: tone("text"), boxWidth: 8, boxHeight: 8 },
                    },
                    tooltip: {
                        callbacks: {
                            label: (item) => `${item.dataset.label}: ${figure(item.parsed.y)}`,
                        },
                    },
                },
                scales: {
                    x: {
                        stacked,
                        ticks: { ...ticks, maxTicksLimit: 6, autoSkipPadding: 16 },
                        grid: { display: false },
                        border: { color: tone("line") },
                    },
                    y: {
                        stacked,
                        beginAtZero: true,
                        max: chart.most ?? undefined,
                        ticks: { ...ticks, maxTicksLimit: 5, precision: 0, callback: figure },
                        grid: { color: tone("line") },
                        border: { display: false },
                    },
                },
            },
        }),
    );
}

function drawAll() {
    for (const [canvas, chart] of charts) {
        if (canvas.isConnected) continue;
        chart.destroy();
        charts.delete(canvas);
    }
    document.querySelectorAll("[data-chart]").forEach(draw);
}

window.addEventListener("load", () => {
    drawAll();
    document.body.addEventListener("htmx:afterSwap", drawAll);
    new MutationObserver(drawAll).observe(document.documentElement, {
        attributeFilter: ["class"],
    });
});

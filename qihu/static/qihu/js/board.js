/* Draws every `[data-chart=ID]` from the JSON of `<script type="application/json" id="ID">`:
   {kind: "line" | "bar", x: [label], series: [{name, data, colour: token name}], unit?}. Colours come from the tokens;
   the table beside each chart says the same without scripts. */
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const drawn = new Map();

  function option(data) {
    const soft = { color: token("ink-3"), fontFamily: token("font"), fontSize: 12 };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      animation: !still,
      animationDuration: 300,
      aria: { enabled: true },
      color: data.series.map((one) => token(one.colour || "brand")),
      textStyle: soft,
      grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, right: 0, icon: "roundRect", itemWidth: 14, itemHeight: 4, textStyle: { ...soft, color: token("ink-2") } },
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: token("card"), borderColor: token("line"), textStyle: { ...soft, color: token("ink") }, axisPointer: { lineStyle: { color: token("edge") } }, valueFormatter: (value) => value == null ? "—" : `${value}${data.unit ? ` ${data.unit}` : ""}` },
      xAxis: { type: "category", data: data.x, boundaryGap: data.kind === "bar", axisLine: { lineStyle: { color: token("line") } }, axisTick: { show: false }, axisLabel: soft },
      yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: token("line-2") } }, axisLabel: soft },
      series: data.series.map((one) => ({ name: one.name, type: data.kind === "bar" ? "bar" : "line", data: one.data, symbol: "circle", symbolSize: 5, showSymbol: data.x.length < 20, lineStyle: { width: 2.4 }, barMaxWidth: 26, itemStyle: { borderRadius: data.kind === "bar" ? [3, 3, 0, 0] : 0 }, connectNulls: false })),
    };
  }

  function draw(box) {
    const source = document.getElementById(box.dataset.chart);
    if (!source || !window.echarts) return;
    box.closest("figure")?.classList.add("drawn"); // before measuring: an undrawn chart takes no room
    const chart = drawn.get(box) || window.echarts.init(box, null, { renderer: "canvas" });
    drawn.set(box, chart);
    chart.setOption(option(JSON.parse(source.textContent)), true);
  }

  const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
})();

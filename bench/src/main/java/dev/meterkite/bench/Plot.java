package dev.meterkite.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Plots as SVG text, with logarithmic axes, since what is compared differs by factors. */
final class Plot {
  private static final int WIDTH = 820;
  private static final int HEIGHT = 420;
  private static final int LEFT = 80;
  private static final int RIGHT = 220;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final String[] COLOURS = {
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f"
  };

  /**
   * A named line.
   *
   * @param y how much at each place, above zero; a point that is not is left out
   */
  record Series(String name, List<Double> y) {}

  private final StringBuilder svg = new StringBuilder();
  private final double lowest;
  private final double highest;

  private Plot(double lowest, double highest) {
    this.lowest = lowest;
    this.highest = highest;
  }

  /**
   * Lines with points over places of equal distance.
   *
   * @param places what the points of the series stand for
   */
  static String lines(
      String title, String acrossTitle, String upTitle, List<String> places, List<Series> series) {
    List<Double> all = new ArrayList<>();
    for (Series each : series) {
      for (double y : each.y()) {
        if (y > 0) {
          all.add(y);
        }
      }
    }
    double least = all.stream().mapToDouble(Double::doubleValue).min().orElse(1);
    double most = all.stream().mapToDouble(Double::doubleValue).max().orElse(10);
    Plot plot =
        new Plot(
            Math.pow(10, Math.floor(Math.log10(least))),
            Math.pow(10, Math.ceil(Math.log10(most * 1.01))));
    plot.frame(title, acrossTitle, upTitle, places);
    for (int i = 0; i < series.size(); i++) {
      plot.series(series.get(i), COLOURS[i % COLOURS.length], i, places.size());
    }
    return plot.svg.append("</svg>\n").toString();
  }

  private void frame(String title, String across, String up, List<String> places) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"13\">",
        WIDTH, HEIGHT);
    add("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
    text(LEFT, 28, "start", title, "font-size=\"16\" font-weight=\"bold\"");
    for (double value = lowest; value <= highest * 1.001; value *= 10) {
      double y = y(value);
      add(
          "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#dddddd\"/>",
          LEFT, y, WIDTH - RIGHT, y);
      text(LEFT - 8, y + 4, "end", number(value), "");
    }
    for (int i = 0; i < places.size(); i++) {
      text(x(i, places.size()), HEIGHT - BOTTOM + 22, "middle", places.get(i), "");
    }
    text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "middle", across, "");
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    text(
        20,
        middle,
        "middle",
        up,
        String.format(Locale.ROOT, "transform=\"rotate(-90 20 %.1f)\"", middle));
  }

  private void series(Series series, String colour, int index, int places) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < series.y().size(); i++) {
      double value = series.y().get(i);
      if (value > 0) {
        double x = x(i, places);
        points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(value)));
        add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>", x, y(value), colour);
      }
    }
    add(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>",
        points.toString().strip(), colour);
    double legend = TOP + 12 + index * 22.0;
    add(
        "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>",
        WIDTH - RIGHT + 16, legend - 10, colour);
    text(WIDTH - RIGHT + 34, legend, "start", series.name(), "");
  }

  private static double x(double place, int places) {
    double width = WIDTH - LEFT - RIGHT;
    return LEFT + width * (place + 0.5) / Math.max(1, places);
  }

  private double y(double value) {
    double share = Math.log(value / lowest) / Math.log(highest / lowest);
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  }

  private static String number(double value) {
    return value >= 1
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, "%s", value);
  }

  private void text(double x, double y, String anchor, String words, String more) {
    String safe = words.replace("&", "&amp;").replace("<", "&lt;");
    add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>", x, y, anchor, more, safe);
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}

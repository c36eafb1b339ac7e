package dev.meterkite.functions.alerts;

import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which alerts are asked for.
 *
 * @param acknowledged only such, or null for both
 * @param provider only those about it, or null
 * @param limit the most alerts of a page
 * @param after where the page begins; empty for the first
 */
record AlertRequest(
    @Nullable Boolean acknowledged, @Nullable String provider, int limit, List<Object> after) {
  /** What an index takes whole, 1,500 bytes, in characters of four. */
  private static final int LONGEST_NAME = 375;

  static AlertRequest parse(Fields fields) {
    List<Object> after = PageToken.place(fields, List.of(PageToken.TIME_AND_ID));
    return new AlertRequest(
        fields.optionalFlag("acknowledged"),
        fields.optionalString("provider", 1, LONGEST_NAME),
        Page.limit(fields),
        after == null ? List.of() : after);
  }
}

package dev.meterkite.functions.health;

import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.model.document.Snapshot;
import java.util.List;
import java.util.Optional;

/**
 * A page of providers and quotas, each in the order of their ids.
 *
 * @param limit the most of each on a page
 * @param provider the last provider of the page before; empty for the first page
 * @param quota the last quota of the page before; empty for the first page
 * @param sweeps whether it says when the scheduled functions ran
 */
record StatusPage(int limit, String provider, String quota, boolean sweeps) {
  /** Comes before all usual ids: the place in a list that had nothing yet. */
  private static final String START = "!";

  private static final List<PageToken.Part> PLACE = List.of(PageToken.Part.ID, PageToken.Part.ID);

  static StatusPage parse(Fields fields) {
    List<Object> place = PageToken.place(fields, List.of(PLACE));
    int limit = (int) fields.integer("limit", 1, Page.MOST, Page.MOST);
    boolean sweeps = Boolean.TRUE.equals(fields.optionalFlag("sweeps"));
    return place == null
        ? new StatusPage(limit, "", "", sweeps)
        : new StatusPage(limit, place.get(0).toString(), place.get(1).toString(), sweeps);
  }

  /** Of one more than a page, those of the page. */
  List<Snapshot> cut(List<Snapshot> found) {
    return found.subList(0, Math.min(limit, found.size()));
  }

  /** The token of the next page; empty where both lists end with this one. */
  Optional<String> next(List<Snapshot> providers, List<Snapshot> quotas) {
    return providers.size() > limit || quotas.size() > limit
        ? Optional.of(PageToken.of(List.of(last(providers, provider), last(quotas, quota))))
        : Optional.empty();
  }

  private String last(List<Snapshot> found, String before) {
    List<Snapshot> page = cut(found);
    if (page.isEmpty()) {
      return before.isEmpty() ? START : before;
    }
    return page.get(page.size() - 1).ref().id();
  }
}

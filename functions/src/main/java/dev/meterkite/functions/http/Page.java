package dev.meterkite.functions.http;

import dev.meterkite.model.document.Snapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One page of a list. Its query asks for one document more than the page holds: whether that one is
 * there says whether another page follows.
 *
 * @param documents the documents of this page, in the order of the query
 * @param isLast whether no page follows
 */
public record Page(List<Snapshot> documents, boolean isLast) {
  /** The most entries of a page. */
  public static final int MOST = 100;

  private static final int USUAL = 50;

  /** The field {@code limit} of a request: 1 to {@value #MOST}, else {@value #USUAL}. */
  public static int limit(Fields fields) {
    return (int) fields.integer("limit", 1, MOST, USUAL);
  }

  /** The page of at most {@code limit} documents, from a query for one more. */
  public static Page of(List<Snapshot> found, int limit) {
    return found.size() > limit ? new Page(found.subList(0, limit), false) : new Page(found, true);
  }

  /** This page without the entries that a caller should not see; the next page stays the same. */
  public Answer answer(
      String name,
      Predicate<Snapshot> isShown,
      Function<Snapshot, ?> view,
      Function<Snapshot, List<Object>> place) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put(name, documents.stream().filter(isShown).map(view).toList());
    if (!isLast) {
      members.put(
          "next_page_token", PageToken.of(place.apply(documents.get(documents.size() - 1))));
    }
    return Answer.ok(members);
  }

  /**
   * This page as an answer.
   *
   * @param name the member that holds the entries
   * @param view an entry as callers see it
   * @param place where the query goes on behind a document; see {@link PageToken}
   */
  public Answer answer(
      String name, Function<Snapshot, ?> view, Function<Snapshot, List<Object>> place) {
    return answer(name, document -> true, view, place);
  }
}

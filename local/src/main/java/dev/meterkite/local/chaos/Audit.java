package dev.meterkite.local.chaos;

import dev.meterkite.functions.store.Store;
import dev.meterkite.local.Pages;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The books, checked from outside: the documents alone, beside what callers were told. Nobody may
 * be writing meanwhile. A finding begins with the document that it is about.
 */
public final class Audit {
  /** At most this many findings are told; the first ones matter. */
  static final int MOST_FINDINGS = 200;

  /** Large, since the emulator looks through all documents for each page. */
  private static final int PAGE = 5_000;

  private final Store store;
  private final List<String> findings = new ArrayList<>();
  private long documents;

  Audit(Store store) {
    this.store = store;
  }

  /** Usage and quotas, whose windows and months must still be those of the run. */
  public static Audit ofCounters(Store store, Journal journal) {
    Audit audit = new Audit(store);
    new UsageCheck(audit, journal).run();
    new QuotaCheck(audit, journal).run();
    return audit;
  }

  /** Credits, jobs and alerts, when nothing is left open. */
  public static Audit ofCredits(Store store, Journal journal) {
    Audit audit = new Audit(store);
    journal.surprises().forEach(audit::find);
    new CreditCheck(audit, journal).run();
    new AlertCheck(audit, journal).run();
    return audit;
  }

  /** What is wrong; empty when the books balance. */
  public List<String> findings() {
    return findings;
  }

  /** How many documents were read. */
  public long documents() {
    return documents;
  }

  void find(String what) {
    if (findings.size() < MOST_FINDINGS) {
      findings.add(what);
    }
  }

  void find(DocRef document, String what) {
    find(document + ": " + what);
  }

  /** Every document of a collection, in the order of the ids. */
  void each(String collection, Consumer<Snapshot> action) {
    Query query = Query.of(collection, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      documents += page.size();
      page.forEach(action);
      page = Pages.find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
  }

  static long number(@Nullable Object value) {
    return value instanceof Long number ? number : 0;
  }
}

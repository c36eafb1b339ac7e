package dev.meterkite.functions.usage;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.usage.Summaries;
import dev.meterkite.model.usage.UsageIds;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Reads the summaries of months: the first documents of all months in one round trip, then the
 * further documents of the few months that have any, a page after the other.
 */
final class SummaryReads {
  /** Further documents in one read; each may have almost 1 MiB. */
  private static final int PAGE = 20;

  private final Store store;

  SummaryReads(Store store) {
    this.store = store;
  }

  /**
   * Shows the documents of all months from one to another, absent first documents included.
   *
   * @param beside other documents that are read in the first round trip
   * @return those other documents
   */
  List<Snapshot> each(
      List<DocRef> beside,
      String customerId,
      YearMonth from,
      YearMonth to,
      BiConsumer<YearMonth, Snapshot> take) {
    List<DocRef> refs = new ArrayList<>(beside);
    for (YearMonth month = from; !month.isAfter(to); month = month.plusMonths(1)) {
      refs.add(UsageIds.summaryRef(customerId, month));
    }
    List<Snapshot> read = store.read(refs).join();
    YearMonth month = from;
    for (Snapshot first : read.subList(beside.size(), read.size())) {
      take.accept(month, first);
      further(customerId, month, Summaries.documents(first), take);
      month = month.plusMonths(1);
    }
    return read.subList(0, beside.size());
  }

  private void further(
      String customerId, YearMonth month, long documents, BiConsumer<YearMonth, Snapshot> take) {
    for (long from = 2; from <= documents; from += PAGE) {
      long to = Math.min(documents, from + PAGE - 1);
      store
          .read(Summaries.further(customerId, month, from, to))
          .join()
          .forEach(document -> take.accept(month, document));
    }
  }
}

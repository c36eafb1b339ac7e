package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.credits.lots.LotShare;
import java.util.List;

/**
 * What the ledger has done for one purchase so far.
 *
 * @param given credits that were given
 * @param due how many of them were to be taken back because money went back, spent ones included
 * @param credited how many of them were to be taken back because an invoice credited them
 * @param taken what was taken back in fact, by lot, the first taken first
 */
public record Booking(long given, long due, long credited, List<LotShare> taken) {
  public static final Booking NONE = new Booking(0, 0, 0, List.of());

  public Booking {
    taken = List.copyOf(taken);
  }

  /** What was taken back in fact. */
  public long total() {
    return taken.stream().mapToLong(LotShare::amount).sum();
  }
}

package dev.meterkite.model.quotas;

import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's quota: what was used in each window, and what is reserved.
 *
 * <p>All figures are as of the last change; {@link #at} tells what they are now.
 *
 * @param exists whether there is a document
 * @param provider the provider's id, null where the document does not say
 * @param modelId the model's id, null where the document does not say
 * @param zone whose minutes, hours, days and months they are
 * @param windows at least one where the document exists, the shortest first
 * @param reservations by UUID: at most {@value #MAX_OPEN} open ones, and at most {@value
 *     #MAX_LAPSED} lapsed ones that a settlement can still correct
 * @param upkeep what the document is besides its figures
 */
public record QuotaState(
    boolean exists,
    @Nullable String provider,
    @Nullable String modelId,
    ZoneId zone,
    List<QuotaWindow> windows,
    Map<String, Reservation> reservations,
    Upkeep upkeep) {

  /** The most reservations that may be open at once. */
  public static final int MAX_OPEN = 1_000;

  /** The most lapsed reservations kept for late settlements. */
  public static final int MAX_LAPSED = 500;

  /** How long after it was made a lapsed reservation is kept at the most. */
  public static final Duration KEEP_LAPSED = QuotaRules.MAX_TTL.multipliedBy(2);

  /** The greatest amount, limit or figure from outside; sums of them cannot overflow. */
  public static final long MAX_FIGURE = 1_000_000_000_000_000L;

  /** What is used is counted up to here. */
  static final long MAX_USED = 1_000_000_000_000_000_000L;

  /** The end of a window of which nobody says when it resets. */
  static final Instant NEVER = Instant.parse("9999-12-31T00:00:00Z");

  /**
   * What a quota document is besides its figures.
   *
   * @param repair whether the document lacks or contradicts what it should hold, because another
   *     program wrote it; the next change writes it whole
   * @param theirs paths of limits that another program wrote in a form of its own, such as text;
   *     they are read and never written over
   * @param since from when on the reservations are complete: one made earlier that is missing was
   *     wiped by another program; null where that is not known
   * @param limitsAt the catalogue's update time when its limits were copied, null if they never
   *     were
   */
  public record Upkeep(
      boolean repair, Set<String> theirs, @Nullable Instant since, @Nullable Instant limitsAt) {
    static final Upkeep NONE = new Upkeep(false, Set.of(), null, null);

    public Upkeep {
      theirs = Set.copyOf(theirs);
    }

    Upkeep repairing(boolean needed) {
      return new Upkeep(needed, theirs, since, limitsAt);
    }

    Upkeep completeSince(Instant now) {
      return since == null ? new Upkeep(repair, theirs, now, limitsAt) : this;
    }

    Upkeep limitedAt(@Nullable Instant at) {
      return new Upkeep(repair, theirs, since, at);
    }
  }

  public QuotaState {
    windows = List.copyOf(windows);
    reservations = Collections.unmodifiableMap(reservations);
  }

  /**
   * This state as it is at a moment: ended windows begun anew, lapsed reservations charged at their
   * estimates to the windows that reserved them and are not over. The same object where nothing is
   * due.
   */
  public QuotaState at(Instant now) {
    boolean due =
        windows.stream().anyMatch(window -> !now.isBefore(window.end()))
            || reservations.values().stream().anyMatch(reservation -> reservation.isDue(now));
    if (!due) {
      return this;
    }
    List<QuotaWindow> present = new ArrayList<>();
    windows.forEach(window -> present.add(window.at(now, zone)));
    Map<String, Reservation> kept = new LinkedHashMap<>();
    reservations.forEach(
        (uuid, reservation) -> {
          if (reservation.isDue(now)) {
            charge(present, reservation.reservedAt(), reservation.tokens(), reservation.requests());
            kept.put(uuid, reservation.lapsed());
          } else {
            kept.put(uuid, reservation);
          }
        });
    return new QuotaState(
        exists, provider, modelId, zone, present, bounded(kept, present, now), upkeep);
  }

  private static Map<String, Reservation> bounded(
      Map<String, Reservation> reservations, List<QuotaWindow> windows, Instant now) {
    reservations
        .values()
        .removeIf(
            reservation ->
                !reservation.open()
                    && (reservation.reservedAt().plus(KEEP_LAPSED).isBefore(now)
                        || windows.stream()
                            .noneMatch(window -> window.counts(reservation.reservedAt()))));
    List<Map.Entry<String, Reservation>> lapsed =
        new ArrayList<>(
            reservations.entrySet().stream().filter(entry -> !entry.getValue().open()).toList());
    lapsed.sort(
        Comparator.comparing(
                (Map.Entry<String, Reservation> entry) -> entry.getValue().reservedAt())
            .thenComparing(Map.Entry::getKey));
    int tooMany = Math.max(0, lapsed.size() - MAX_LAPSED);
    List<String> oldest = lapsed.subList(0, tooMany).stream().map(Map.Entry::getKey).toList();
    reservations.keySet().removeAll(oldest);
    return reservations;
  }

  private static void charge(
      List<QuotaWindow> windows, Instant reservedAt, long tokens, long requests) {
    windows.replaceAll(
        window -> window.counts(reservedAt) ? window.charged(tokens, requests) : window);
  }

  /** This state with amounts charged to the windows that reserved at that moment. */
  QuotaState charged(Instant reservedAt, long tokens, long requests) {
    List<QuotaWindow> charged = new ArrayList<>(windows);
    charge(charged, reservedAt, tokens, requests);
    return withWindows(charged);
  }

  QuotaState withWindows(List<QuotaWindow> next) {
    return new QuotaState(exists, provider, modelId, zone, next, reservations, upkeep);
  }

  QuotaState with(String uuid, Reservation reservation) {
    Map<String, Reservation> next = new LinkedHashMap<>(reservations);
    next.put(uuid, reservation);
    return new QuotaState(exists, provider, modelId, zone, windows, next, upkeep);
  }

  QuotaState without(String uuid) {
    Map<String, Reservation> next = new LinkedHashMap<>(reservations);
    next.remove(uuid);
    return new QuotaState(exists, provider, modelId, zone, windows, next, upkeep);
  }

  boolean repair() {
    return upkeep.repair();
  }

  QuotaState with(Upkeep next) {
    return new QuotaState(exists, provider, modelId, zone, windows, reservations, next);
  }

  QuotaState repaired() {
    return new QuotaState(
        exists, provider, modelId, zone, windows, reservations, upkeep.repairing(false));
  }

  /**
   * Whether this is the quota of a model, as far as it says: a model {@code b_c} of {@code a} must
   * not draw on that of {@code c} of {@code a_b}, which has the same id.
   */
  public boolean isOf(String otherProvider, String otherModel) {
    return (provider == null || provider.equals(otherProvider))
        && (modelId == null || modelId.equals(otherModel));
  }

  /** How many reservations are open. */
  public int open() {
    return (int) reservations.values().stream().filter(Reservation::open).count();
  }

  /** Tokens reserved within a window and not yet charged. */
  public long tokensReserved(QuotaWindow window) {
    long sum = 0;
    for (Reservation reservation : reservations.values()) {
      if (reservation.open() && window.counts(reservation.reservedAt())) {
        sum = Math.addExact(sum, reservation.tokens());
      }
    }
    return sum;
  }

  /** Requests reserved within a window and not yet charged. */
  public long requestsReserved(QuotaWindow window) {
    long sum = 0;
    for (Reservation reservation : reservations.values()) {
      if (reservation.open() && window.counts(reservation.reservedAt())) {
        sum = Math.addExact(sum, reservation.requests());
      }
    }
    return sum;
  }

  /** The worst status of any window; what is only reserved does not count. */
  public QuotaStatus status() {
    return windows.stream()
        .map(QuotaWindow::status)
        .max(Comparator.naturalOrder())
        .orElse(QuotaStatus.AVAILABLE);
  }

  /** The share of the tightest limit that is used or reserved, 0 without limits. */
  public double utilisation() {
    return windows.stream()
        .mapToDouble(window -> window.utilisation(tokensReserved(window), requestsReserved(window)))
        .max()
        .orElse(0);
  }

  /**
   * This with the figures that the provider states, where they leave less: of the shortest window
   * that ends no earlier than the stated reset, else of the longest. With 1,000 a minute, 100 used
   * and 50 reserved, a stated 700 makes the used 250; a stated 900 changes nothing.
   */
  QuotaState stated(QuotaCommand.Stated stated) {
    List<QuotaWindow> byEnd = new ArrayList<>(windows);
    byEnd.sort(Comparator.comparing(QuotaWindow::end));
    if (byEnd.isEmpty()) {
      return this;
    }
    QuotaWindow chosen =
        byEnd.stream()
            .filter(window -> !isEarlier(window, stated))
            .findFirst()
            .orElse(byEnd.get(byEnd.size() - 1));
    long tokens =
        more(chosen.tokensLimit(), chosen.tokensUsed(), tokensReserved(chosen), stated.tokens());
    long requests =
        more(
            chosen.requestsLimit(),
            chosen.requestsUsed(),
            requestsReserved(chosen),
            stated.requests());
    if (tokens == 0 && requests == 0) {
      return this;
    }
    List<QuotaWindow> next = new ArrayList<>(windows);
    next.replaceAll(window -> window.equals(chosen) ? window.charged(tokens, requests) : window);
    return withWindows(next);
  }

  private static boolean isEarlier(QuotaWindow window, QuotaCommand.Stated stated) {
    return stated.reset() != null && window.end().isBefore(stated.reset());
  }

  /** What is to be added to the used figure so that no more than the stated figure is left. */
  private static long more(@Nullable Long limit, long used, long reserved, @Nullable Long stated) {
    return limit == null || stated == null
        ? 0
        : Math.max(0, limit - used - reserved - Math.min(stated, limit));
  }

  /** Whether any window has any limit. */
  public boolean limited() {
    return windows.stream()
        .anyMatch(window -> window.tokensLimit() != null || window.requestsLimit() != null);
  }

  /**
   * The tokens that may still be reserved in the window that has fewest left; 0 when over the
   * limit; empty without token limits.
   */
  public Optional<Remaining> remaining() {
    return windows.stream()
        .filter(window -> window.tokensLimit() != null)
        .map(this::remaining)
        .min(Comparator.comparingLong(Remaining::tokens).thenComparing(Remaining::resetAt));
  }

  private Remaining remaining(QuotaWindow window) {
    long limit = window.tokensLimit() == null ? 0 : window.tokensLimit();
    long left = limit - window.tokensUsed() - tokensReserved(window);
    return new Remaining(Math.max(0, left), window.end());
  }

  /**
   * What is left and when the window begins anew.
   *
   * @param tokens at least 0
   * @param resetAt the end of the window
   */
  public record Remaining(long tokens, Instant resetAt) {}

  /**
   * The window that the document's own {@code tokens_used}, {@code tokens_limit} and {@code
   * reset_at} show: the one with the greatest share of its tokens used, the longest of equals; of
   * requests where no window limits tokens.
   */
  public Optional<QuotaWindow> tightest() {
    return windows.stream()
        .max(
            Comparator.comparing((QuotaWindow window) -> window.tokensLimit() != null)
                .thenComparing(QuotaWindow::tokenShare)
                .thenComparing(QuotaWindow::share)
                .thenComparing(QuotaWindow::end));
  }

  /**
   * The next moment at which a window in use ends or a reservation lapses; empty when nothing is
   * due.
   */
  public Optional<Instant> dueAt() {
    @Nullable Instant due = null;
    for (QuotaWindow window : windows) {
      if (window.inUse() && !window.end().equals(NEVER)) {
        due = earlier(due, window.end());
      }
    }
    for (Reservation reservation : reservations.values()) {
      if (reservation.expiresAt() != null) {
        due = earlier(due, reservation.expiresAt());
      }
    }
    return Optional.ofNullable(due);
  }

  private static Instant earlier(@Nullable Instant first, Instant second) {
    return first == null || second.isBefore(first) ? second : first;
  }

  /** Whether an amount fits, and if not, why and until when. */
  public Fit fit(long tokens, long requests) {
    @Nullable Instant resets = null;
    for (QuotaWindow window : windows) {
      if (over(window.tokensLimit(), 0, tokens) || over(window.requestsLimit(), 0, requests)) {
        return new Fit(Optional.of(QuotaOutcome.EXCEEDS_LIMIT), Optional.empty());
      }
      long tokensTaken = Math.addExact(window.tokensUsed(), tokensReserved(window));
      long requestsTaken = Math.addExact(window.requestsUsed(), requestsReserved(window));
      if (over(window.tokensLimit(), tokensTaken, tokens)
          || over(window.requestsLimit(), requestsTaken, requests)) {
        resets = resets == null || resets.isBefore(window.end()) ? window.end() : resets;
      }
    }
    if (resets != null) {
      return new Fit(
          Optional.of(QuotaOutcome.QUOTA_EXHAUSTED),
          resets.equals(NEVER) ? Optional.empty() : Optional.of(resets));
    }
    return new Fit(
        open() >= MAX_OPEN ? Optional.of(QuotaOutcome.TOO_MANY_RESERVATIONS) : Optional.empty(),
        Optional.empty());
  }

  private static boolean over(@Nullable Long limit, long taken, long more) {
    return limit != null && Math.addExact(taken, more) > limit;
  }

  /**
   * Whether an amount fits.
   *
   * @param refusal why not, empty if it does
   * @param resetsAt for {@link QuotaOutcome#QUOTA_EXHAUSTED}, when the last of the windows in the
   *     way has reset: before that it fits only if others settle below their estimates; empty where
   *     nobody says when that is
   */
  public record Fit(Optional<QuotaOutcome> refusal, Optional<Instant> resetsAt) {}

  /**
   * What tells this crossing of a threshold from that of the next window: kind and end of the
   * window with the worst status; the hour of a minute, so that a minute's quota that is used up
   * every minute is one incident an hour.
   */
  public String incident() {
    return windows.stream()
        .max(Comparator.comparing(QuotaWindow::status).thenComparing(QuotaWindow::end))
        .map(
            window ->
                window.kind() == Window.MINUTE
                    ? "minutes of " + window.start().truncatedTo(ChronoUnit.HOURS)
                    : (window.kind() == null ? "" : window.kind().wire() + " ") + window.end())
        .orElse("");
  }
}

package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.StripePayments;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One payment under several ids. An invoice may be known before its payment intent, a refund before
 * either; an event that names two ids ties them: their facts move into one document, and the others
 * lead to it.
 */
public final class PaymentTies {
  private static final int MAX_STEPS = 20;

  private final Snapshot root;
  private final PaymentRecord found;
  private final PaymentRecord merged;
  private final List<Write.Update> ties;

  private PaymentTies(
      Snapshot root, PaymentRecord found, PaymentRecord merged, List<Write.Update> ties) {
    this.root = root;
    this.found = found;
    this.merged = merged;
    this.ties = ties;
  }

  /** The id of the document that holds the state. */
  public String rootId() {
    return root.ref().id();
  }

  /** The state as the document holds it. */
  public PaymentRecord found() {
    return found;
  }

  /** The state with the facts of all documents that are tied. */
  public PaymentRecord merged() {
    return merged;
  }

  /** What to write so that the payment has a state and its ids lead to it. */
  public List<Write.Update> writes(PaymentRecord next, Instant now) {
    List<Write.Update> writes = new ArrayList<>(ties);
    if (!next.equals(found)) {
      writes.add(new Write.Update(root.ref(), PaymentCodec.encode(next, root, now)));
    }
    return writes;
  }

  /**
   * Ties ids together.
   *
   * @param ids at least one
   * @param see reads a document; an unread one as absent, noting that it is missing
   */
  public static PaymentTies of(List<String> ids, Function<DocRef, Snapshot> see, Instant now) {
    Map<DocRef, PaymentRecord> states = new LinkedHashMap<>();
    List<DocRef> unknown = new ArrayList<>();
    for (String id : ids) {
      DocRef ref = CreditRefs.payment(id);
      PaymentRecord found = PaymentCodec.decode(see.apply(ref));
      for (int i = 0; i < MAX_STEPS && found.tiedTo() != null; i++) {
        ref = CreditRefs.payment(found.tiedTo());
        found = PaymentCodec.decode(see.apply(ref));
      }
      if (found.hasState()) {
        states.put(ref, found);
      } else if (!unknown.contains(ref)) {
        unknown.add(ref);
      }
    }
    DocRef root = root(states).orElseGet(() -> unknown.get(0));
    PaymentRecord found = states.getOrDefault(root, PaymentRecord.NONE);
    PaymentRecord merged = found;
    List<Write.Update> ties = new ArrayList<>();
    for (Map.Entry<DocRef, PaymentRecord> other : states.entrySet()) {
      if (!other.getKey().equals(root)) {
        merged = merged.merge(other.getValue());
        ties.add(tie(see.apply(other.getKey()), root, now));
      }
    }
    for (DocRef ref : unknown) {
      if (!ref.equals(root)) {
        ties.add(tie(see.apply(ref), root, now));
      }
    }
    return new PaymentTies(see.apply(root), found, merged, ties);
  }

  /** The document that stays: one that sold something, else one with a user, else the first. */
  private static Optional<DocRef> root(Map<DocRef, PaymentRecord> states) {
    Optional<DocRef> sale = first(states, PaymentRecord::isSale);
    return sale.or(() -> first(states, state -> state.userId() != null))
        .or(() -> first(states, state -> true));
  }

  private static Optional<DocRef> first(
      Map<DocRef, PaymentRecord> states, Predicate<PaymentRecord> which) {
    return states.entrySet().stream()
        .filter(each -> which.test(each.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static Write.Update tie(Snapshot document, DocRef root, Instant now) {
    PaymentRecord tied =
        new PaymentRecord(null, root.id(), StripePayment.NONE, Map.of(), null, null, null, null);
    return new Write.Update(document.ref(), PaymentCodec.encode(tied, document, now));
  }

  /**
   * The next documents to read before the payment of these ids is known.
   *
   * @param read what was read so far, by id
   * @return empty when all are there
   */
  public static List<DocRef> unread(List<String> ids, Map<DocRef, Snapshot> read) {
    List<DocRef> unread = new ArrayList<>();
    of(ids, ref -> seen(ref, read, unread), Instant.EPOCH);
    return unread;
  }

  private static Snapshot seen(DocRef ref, Map<DocRef, Snapshot> read, List<DocRef> unread) {
    Snapshot found = read.get(ref);
    if (found == null && !unread.contains(ref)) {
      unread.add(ref);
    }
    return Objects.requireNonNullElseGet(found, () -> Snapshot.absent(ref));
  }

  /**
   * Whose payment it is, as its documents say.
   *
   * @param read all of them
   */
  public static @Nullable String userId(List<String> ids, Map<DocRef, Snapshot> read) {
    return of(ids, ref -> seen(ref, read, new ArrayList<>()), Instant.EPOCH).merged().userId();
  }

  /**
   * What to write for facts of a payment whose user nobody knows yet.
   *
   * @param read all documents of the payment, none of which names a user
   */
  public static List<Write.Update> unowned(
      List<String> ids, StripePayment facts, Map<DocRef, Snapshot> read, Instant now) {
    PaymentTies ties = of(ids, ref -> seen(ref, read, new ArrayList<>()), now);
    return ties.writes(ties.merged().with(facts), now);
  }

  /** The document that leads from a subscription to its user. */
  public static Write.Merge subscription(String subscriptionId, String userId, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(StripePayments.USER_ID, userId);
    fields.put(StripePayments.UPDATED_AT, now);
    return new Write.Merge(CreditRefs.payment(subscriptionId), fields);
  }
}

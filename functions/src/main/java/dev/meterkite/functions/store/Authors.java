package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The instances that handed commands over for one document of late, and where their next relays
 * will be. An author numbers its relays, and the number makes the document's id, so a host reads
 * them without a query; only those of an author that it does not know yet have to be searched for.
 */
final class Authors {
  /** Maximum number of relays of one author that wait at one time. */
  static final int MAX_AWAY = 4;

  private static final int MAX_AUTHORS = 64;
  private static final Duration KNOWN_FOR = Duration.ofSeconds(3);

  private static final class Author {
    /** The lowest number that may be open. */
    long next;

    /** Numbers above it that are closed. */
    final TreeSet<Long> closed = new TreeSet<>();

    int open;
    Instant foundAt = Instant.EPOCH;

    void close(long number) {
      if (number >= next) {
        closed.add(number);
      }
      while (closed.remove(next)) {
        next++;
      }
    }

    void skipTo(long number) {
      next = number;
      closed.headSet(number).clear();
    }
  }

  private final DocRef owner;
  private final Map<String, Author> known = new LinkedHashMap<>();

  Authors(DocRef owner) {
    this.owner = owner;
  }

  /** Whether none is known, so that relays have to be searched for. */
  synchronized boolean isEmpty(Instant now) {
    known.values().removeIf(author -> author.foundAt.plus(KNOWN_FOR).isBefore(now));
    return known.isEmpty();
  }

  /** The documents that are the next relays of the known authors: one more than were open last. */
  synchronized List<DocRef> expected() {
    List<DocRef> expected = new ArrayList<>();
    known.forEach(
        (id, author) -> {
          int many = Math.min(MAX_AWAY, author.open + 1);
          for (long number = author.next; number < author.next + many; number++) {
            if (!author.closed.contains(number)) {
              expected.add(new Relay.Origin(id, number).ref(owner));
            }
          }
        });
    return expected;
  }

  /** Whether an author that left relays at other times has left none. */
  synchronized boolean isAwaited() {
    return known.values().stream().anyMatch(author -> author.open == 0);
  }

  /**
   * These are open.
   *
   * @param all whether no others are, so that lower numbers were closed by their authors
   */
  synchronized void found(List<Relay.Origin> open, boolean all, Instant now) {
    known.values().forEach(author -> author.open = 0);
    Map<String, Long> lowest = new LinkedHashMap<>();
    for (Relay.Origin origin : open) {
      lowest.merge(origin.author(), origin.number(), Math::min);
    }
    lowest.forEach(
        (id, number) -> {
          Author author = known.get(id);
          if (author == null && known.size() < MAX_AUTHORS) {
            author = new Author();
            author.next = number;
            known.put(id, author);
          } else if (author != null && all && number > author.next) {
            author.skipTo(number);
          }
        });
    for (Relay.Origin origin : open) {
      Author author = known.get(origin.author());
      if (author != null && origin.number() >= author.next) {
        author.open++;
        author.foundAt = now;
      }
    }
  }

  /** This one is closed. */
  synchronized void closed(Relay.Origin origin) {
    Author author = known.get(origin.author());
    if (author != null) {
      author.close(origin.number());
    }
  }
}

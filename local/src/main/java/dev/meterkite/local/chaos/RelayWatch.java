package dev.meterkite.local.chaos;

import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.Value;
import com.google.firestore.v1.Write;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.CommandRelays;
import io.grpc.stub.StreamObserver;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What becomes of commands that one process hands over to another ({@code docs/many-writers.md}),
 * as the commits of each process show it. A commit counts when the emulator has applied it.
 */
final class RelayWatch {
  /**
   * What was seen so far.
   *
   * @param opened relays that were created
   * @param served relays that another process answered
   * @param takenBack relays that their author committed after all
   * @param abandoned relays that nobody answered before their author was killed, nor after
   * @param hostsKilled how often a process was killed on which open relays of others relied
   * @param openAtKills number of those relays
   */
  record Counts(
      long opened,
      long served,
      long takenBack,
      long abandoned,
      long hostsKilled,
      long openAtKills) {}

  private static final String HOST = "host";
  private static final String DOCUMENTS = "/documents/";

  /** An open relay. */
  private record Open(String owner, int author) {}

  private final Map<String, Open> open = new LinkedHashMap<>();
  private final Set<String> abandoned = new HashSet<>();

  /** The process that claimed an owner document last. */
  private final Map<String, Integer> hosts = new HashMap<>();

  private long opened;
  private long served;
  private long takenBack;
  private long hostsKilled;
  private long openAtKills;

  synchronized Counts counts() {
    return new Counts(opened, served, takenBack, abandoned.size(), hostsKilled, openAtKills);
  }

  /** Takes the answers to a commit of this process, looks at what it did, and hands them on. */
  StreamObserver<byte[]> watching(int process, byte[] commit, StreamObserver<byte[]> caller) {
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] message) {
        applied(process, commit);
        caller.onNext(message);
      }

      @Override
      public void onError(Throwable failure) {
        caller.onError(failure);
      }

      @Override
      public void onCompleted() {
        caller.onCompleted();
      }
    };
  }

  private void applied(int process, byte[] commit) {
    try {
      applied(process, CommitRequest.parseFrom(commit).getWritesList());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a commit of another form", e);
    }
  }

  /** These writes of a process were applied. */
  synchronized void applied(int process, List<Write> writes) {
    for (Write write : writes) {
      if (write.hasUpdate()) {
        Document document = write.getUpdate();
        String name = document.getName();
        String path = name.substring(name.indexOf(DOCUMENTS) + DOCUMENTS.length());
        if (path.startsWith(CommandRelays.COLLECTION + "/")) {
          changed(process, path, document.getFieldsMap());
        } else if (claims(document)) {
          hosts.put(path, process);
        }
      }
    }
  }

  private static boolean claims(Document owner) {
    return owner
        .getFieldsOrDefault(Schema.COMMIT, Value.getDefaultInstance())
        .getMapValue()
        .containsFields(HOST);
  }

  private void changed(int process, String relay, Map<String, Value> fields) {
    if (fields.containsKey(CommandRelays.OPEN_FOR)) {
      opened++;
      open.put(
          relay,
          new Open(
              fields.getOrDefault(CommandRelays.OWNER, Value.getDefaultInstance()).getStringValue(),
              process));
      return;
    }
    open.remove(relay);
    abandoned.remove(relay);
    if (fields.containsKey(CommandRelays.ANSWERS)) {
      served++;
    } else {
      takenBack++;
    }
  }

  /** A process on which an open relay of another one relies. */
  synchronized OptionalInt host() {
    return open.values().stream()
        .filter(this::reliesOnAnother)
        .mapToInt(each -> hosts.get(each.owner()))
        .findFirst();
  }

  private boolean reliesOnAnother(Open relay) {
    return Optional.ofNullable(hosts.get(relay.owner()))
        .filter(host -> host != relay.author())
        .isPresent();
  }

  /** These processes were killed at one time, and are not yet started again. */
  synchronized void killed(Set<Integer> processes) {
    long left =
        open.values().stream()
            .filter(this::reliesOnAnother)
            .filter(each -> processes.contains(hosts.get(each.owner())))
            .count();
    hostsKilled += left > 0 ? 1 : 0;
    openAtKills += left;
    open.forEach(
        (relay, each) -> {
          if (processes.contains(each.author())) {
            abandoned.add(relay);
          }
        });
    open.keySet().removeAll(abandoned);
    hosts.values().removeAll(processes);
  }
}

package dev.meterkite.local;

import com.google.cloud.firestore.DocumentReference;
import com.google.cloud.firestore.Firestore;
import com.google.cloud.firestore.FirestoreOptions;
import com.google.cloud.firestore.TransactionOptions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A debit as the client library's documentation writes one: a transaction that reads the balance
 * and writes it, with a record for the idempotency key. Its bodies block, so they get threads of
 * their own, without which the library's few would be the limit. It uses collections of its own.
 */
final class UsualDebit implements AutoCloseable {
  private static final Duration TO_OPEN = Duration.ofSeconds(60);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Firestore firestore;
  private final DocumentReference user;

  private UsualDebit(Firestore firestore) {
    this.firestore = firestore;
    this.user = firestore.collection("demo_usual_users").document("hot");
  }

  /** Connects, writes the user, and debits it once, so that the connection is warm. */
  static UsualDebit open(String emulator, String project, long balance)
      throws ExecutionException, InterruptedException, TimeoutException {
    UsualDebit opened =
        new UsualDebit(
            FirestoreOptions.newBuilder()
                .setProjectId(project)
                .setEmulatorHost(emulator)
                .build()
                .getService());
    opened.user.set(Map.of("balance", balance)).get(TO_OPEN.toSeconds(), TimeUnit.SECONDS);
    opened.debit("warm");
    return opened;
  }

  /** Debits one credit; false if too little is left. */
  boolean debit(String key) throws ExecutionException, InterruptedException {
    DocumentReference record = firestore.collection("demo_usual_records").document(key);
    return firestore
        .runTransaction(
            transaction -> {
              Long balance = transaction.get(user).get().getLong("balance");
              boolean repeated = transaction.get(record).get().exists();
              if (balance == null || balance < 1) {
                return false;
              }
              if (!repeated) {
                transaction.update(user, "balance", balance - 1);
                transaction.create(record, Map.of("amount", -1L, "balance_after", balance - 1));
              }
              return true;
            },
            TransactionOptions.createReadWriteOptionsBuilder().setExecutor(threads).build())
        .get();
  }

  @Override
  public void close() {
    firestore.shutdownNow();
    threads.shutdownNow();
  }
}

package dev.meterkite.local;

import com.google.api.gax.rpc.ApiException;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.UnavailableException;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.StoreException;
import java.net.InetSocketAddress;

/** The documents of the project or emulator that settings name. */
final class TargetDocuments {
  /** What is done with them; its status ends the program. */
  interface Work {
    int on(FirestoreStore store) throws Exception;
  }

  private TargetDocuments() {}

  /**
   * Does it, and closes the store.
   *
   * @throws LocalHostException with one sentence where Firestore cannot be asked
   */
  static int with(Settings settings, Work work) throws Exception {
    String firestore =
        settings.firestoreEmulatorHost().map(host -> "The emulator at " + host).orElse("Firestore");
    try (FirestoreStore store = open(settings, firestore)) {
      return work.on(store);
    } catch (UnavailableException e) {
      throw new LocalHostException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof StoreException || cause instanceof ApiException) {
          throw unusable(firestore, cause);
        }
      }
      throw e;
    }
  }

  /** Does it with those of the process, and ends the process: a program of its own. */
  static void end(Work work) throws Exception {
    int status;
    try {
      status = with(Settings.ofProcess(), work);
    } catch (LocalHostException e) {
      System.err.println(e.getMessage());
      status = 1;
    }
    System.exit(status);
  }

  private static FirestoreStore open(Settings settings, String firestore) {
    settings.firestoreEmulatorHost().ifPresent(host -> check(host, firestore));
    try {
      return FirestoreStore.open(settings);
    } catch (RuntimeException e) { // no project, no credentials, or no host:port
      throw unusable(firestore, e);
    }
  }

  /** Finds out before gRPC does, which prints the trace of a name that nobody knows. */
  private static void check(String address, String firestore) {
    int colon = address.lastIndexOf(':');
    try {
      String host = address.substring(0, Math.max(0, colon));
      int port = Integer.parseInt(address.substring(colon + 1));
      if (host.isBlank() || new InetSocketAddress(host, port).isUnresolved()) {
        throw new LocalHostException(firestore + " cannot be used: no such host is known.");
      }
    } catch (IllegalArgumentException e) { // no number, or none of a port
      throw new LocalHostException(firestore + " cannot be used: it must be host:port.", e);
    }
  }

  private static LocalHostException unusable(String firestore, Throwable e) {
    Throwable why = e;
    while (why.getCause() != null) {
      why = why.getCause();
    }
    return new LocalHostException(firestore + " cannot be used: " + why.getMessage(), e);
  }
}

import com.google.firestore.v1.BatchGetDocumentsRequest;
import com.google.firestore.v1.BatchGetDocumentsResponse;
import com.google.firestore.v1.CommitRequest;
import com.google.firestore.v1.CommitResponse;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.RunQueryRequest;
import com.google.firestore.v1.RunQueryResponse;
import com.google.firestore.v1.Value;
import com.google.firestore.v1.WriteResult;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Starts a function as the container does and lets it answer a few debits, one after the other and
 * in groups, so that the JVM can archive the classes that this takes. Firestore and the issuer of
 * tokens are played by this process: the build of an image has neither.
 *
 * <p>Arguments: functions.tsv, whose functions are all constructed once.
 */
public final class Rehearsal {
  private static final String TARGET = "dev.meterkite.functions.credits.DebitCredits";
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int DEBITS = 5;
  private static final int CALLERS = 16;
  private static final int DEBITS_OF_A_CALLER = 60;

  private Rehearsal() {}

  /**
   * Ends with status 0 when everything was answered as expected, else with 1 at once: the threads
   * of the function that failed would keep the process, and the build of the image, for ever.
   */
  public static void main(String[] args) {
    try {
      rehearse(Path.of(args[0]));
    } catch (Exception | LinkageError failure) {
      failure.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    System.exit(0);
  }

  private static void rehearse(Path table) throws Exception {
    RSAKey key = new RSAKeyGenerator(2048).keyID("k").keyUse(KeyUse.SIGNATURE).generate();
    HttpServer issuer = issuer(key);
    String url = "http://127.0.0.1:" + issuer.getAddress().getPort();
    Server firestore =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(Documents.service())
            .fallbackHandlerRegistry(new NothingElse())
            .build()
            .start();
    set("FIRESTORE_EMULATOR_HOST", "127.0.0.1:" + firestore.getPort());
    set("GOOGLE_CLOUD_PROJECT", "rehearsal");
    set("SERVICE_ACCOUNTS", "service@rehearsal.invalid");
    set(
        "TOKEN_ISSUERS",
        """
        [{"issuer": "%s", "jwks_uri": "%s", "audiences": ["rehearsal"], "kind": "local"}]\
        """
            .formatted(url, url));
    int port = freePort();
    Thread server = new Thread(() -> serve(port), "rehearsal");
    server.setDaemon(true);
    server.start();
    await(port);
    for (int i = 0; i < DEBITS; i++) {
      String answer = debit(port, token(key, url), "key-" + i);
      if (!answer.contains("\"balance\":" + (Documents.BALANCE - i - 1) + ",")) {
        throw new IllegalStateException("debit " + i + " is answered " + answer);
      }
    }
    debitTogether(port, token(key, url));
    for (String line : Files.readAllLines(table)) {
      if (!line.startsWith("#") && line.contains("\tdev.meterkite.")) {
        Class.forName(line.split("\t")[1]).getConstructor().newInstance();
      }
    }
  }

  private static void set(String variable, String value) {
    System.setProperty("meterkite.env." + variable, value);
  }

  private static HttpServer issuer(RSAKey key) throws IOException {
    byte[] keys = new JWKSet(key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
    HttpServer issuer =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    issuer.start();
    return issuer;
  }

  private static String token(RSAKey key, String url) throws Exception {
    Instant now = Instant.now();
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").build(),
            new JWTClaimsSet.Builder()
                .issuer(url)
                .audience("rehearsal")
                .subject("s")
                .claim("email", "service@rehearsal.invalid")
                .claim("email_verified", true)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plusSeconds(600)))
                .build());
    token.sign(new RSASSASigner(key));
    return token.serialize();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void serve(int port) {
    try {
      Class.forName("com.google.cloud.functions.invoker.runner.Invoker")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {"--target", TARGET, "--port", "" + port});
    } catch (ReflectiveOperationException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void await(int port) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try (var socket = new java.net.Socket("127.0.0.1", port)) {
        return;
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    throw new IllegalStateException("the function does not listen");
  }

  /** Several callers of one user: their debits leave in groups, as under load. */
  private static void debitTogether(int port, String token) throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    List<Future<?>> ends = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      String name = "caller-" + caller + "-";
      ends.add(
          callers.submit(
              () -> {
                for (int i = 0; i < DEBITS_OF_A_CALLER; i++) {
                  debit(port, token, name + i);
                }
                return null;
              }));
    }
    for (Future<?> end : ends) {
      end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    callers.shutdown();
  }

  private static String debit(int port, String token, String key) throws IOException {
    HttpURLConnection call =
        (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/").toURL().openConnection();
    call.setRequestMethod("POST");
    call.setDoOutput(true);
    call.setRequestProperty("Authorization", "Bearer " + token);
    call.setRequestProperty("Content-Type", "application/json");
    call.setRequestProperty("Idempotency-Key", key);
    try (OutputStream body = call.getOutputStream()) {
      body.write("{\"user_id\":\"u\",\"amount\":1}".getBytes(StandardCharsets.UTF_8));
    }
    int status = call.getResponseCode();
    try (InputStream answer = status < 400 ? call.getInputStream() : call.getErrorStream()) {
      String text = new String(answer.readAllBytes(), StandardCharsets.UTF_8);
      if (status != 200) {
        throw new IllegalStateException(key + " is answered " + status + " " + text);
      }
      return text;
    }
  }

  /**
   * Stops the rehearsal at a call that {@link Documents} does not answer. The functions would take
   * the refusal for an outage and try again until their callers' time is over.
   */
  private static final class NothingElse extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      System.err.println("The Firestore of the rehearsal does not answer " + method);
      Runtime.getRuntime().halt(1);
      return null;
    }
  }

  /**
   * One user with credits and without a ledger, and nothing else; queries, which look for what the
   * user did before, find nothing; every commit succeeds and is forgotten.
   */
  private static final class Documents {
    static final long BALANCE = 9_999;
    private static final String SERVICE = "google.firestore.v1.Firestore";

    static ServerServiceDefinition service() {
      return ServerServiceDefinition.builder(SERVICE)
          .addMethod(
              method(
                  "BatchGetDocuments",
                  MethodDescriptor.MethodType.SERVER_STREAMING,
                  BatchGetDocumentsRequest.getDefaultInstance(),
                  BatchGetDocumentsResponse.getDefaultInstance()),
              ServerCalls.asyncServerStreamingCall(Documents::batchGetDocuments))
          .addMethod(
              method(
                  "RunQuery",
                  MethodDescriptor.MethodType.SERVER_STREAMING,
                  RunQueryRequest.getDefaultInstance(),
                  RunQueryResponse.getDefaultInstance()),
              ServerCalls.asyncServerStreamingCall(Documents::runQuery))
          .addMethod(
              method(
                  "Commit",
                  MethodDescriptor.MethodType.UNARY,
                  CommitRequest.getDefaultInstance(),
                  CommitResponse.getDefaultInstance()),
              ServerCalls.asyncUnaryCall(Documents::commit))
          .build();
    }

    private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
        String name, MethodDescriptor.MethodType type, Q request, A answer) {
      return MethodDescriptor.<Q, A>newBuilder()
          .setType(type)
          .setFullMethodName(SERVICE + "/" + name)
          .setRequestMarshaller(ProtoUtils.marshaller(request))
          .setResponseMarshaller(ProtoUtils.marshaller(answer))
          .build();
    }

    private static Timestamp now() {
      return Timestamp.newBuilder().setSeconds(Instant.now().getEpochSecond()).build();
    }

    private static void batchGetDocuments(
        BatchGetDocumentsRequest request, StreamObserver<BatchGetDocumentsResponse> answers) {
      for (String name : request.getDocumentsList()) {
        BatchGetDocumentsResponse.Builder answer =
            BatchGetDocumentsResponse.newBuilder().setReadTime(now());
        if (name.contains("/users/")) {
          Timestamp made = Timestamp.newBuilder().setSeconds(1_700_000_000).build();
          answer.setFound(
              Document.newBuilder()
                  .setName(name)
                  .setCreateTime(made)
                  .setUpdateTime(made)
                  .putFields("user_id", Value.newBuilder().setStringValue("u").build())
                  .putFields("tier", Value.newBuilder().setStringValue("payg").build())
                  .putFields(
                      "credits_balance", Value.newBuilder().setIntegerValue(BALANCE).build()));
        } else {
          answer.setMissing(name);
        }
        answers.onNext(answer.build());
      }
      answers.onCompleted();
    }

    private static void runQuery(
        RunQueryRequest request, StreamObserver<RunQueryResponse> answers) {
      answers.onNext(RunQueryResponse.newBuilder().setReadTime(now()).build());
      answers.onCompleted();
    }

    private static void commit(CommitRequest request, StreamObserver<CommitResponse> answer) {
      CommitResponse.Builder done = CommitResponse.newBuilder().setCommitTime(now());
      request
          .getWritesList()
          .forEach(
              write -> done.addWriteResults(WriteResult.newBuilder().setUpdateTime(now()).build()));
      answer.onNext(done.build());
      answer.onCompleted();
    }
  }
}

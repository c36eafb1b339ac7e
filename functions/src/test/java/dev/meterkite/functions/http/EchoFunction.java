package dev.meterkite.functions.http;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import com.google.cloud.functions.invoker.runner.Invoker;
import dev.meterkite.functions.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Map;

/** A whole HTTP function, as short as they are; with {@code wait} it waits for a line of input. */
public final class EchoFunction implements HttpFunction {
  static final String READY = "echo is ready";
  static final String WAITING = "echo is waiting";

  private final Edge edge = Edge.of(Settings.ofProcess());
  private final Endpoint<Boolean> endpoint =
      Endpoint.post("echo")
          .roles(Role.USER)
          .fields(fields -> Boolean.TRUE.equals(fields.optionalFlag("wait")))
          .owner(wait -> null)
          .answer(EchoFunction::echo);

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }

  private static Answer echo(Call<Boolean> call) {
    try {
      if (call.request()) {
        System.out.println(WAITING);
        System.in.read();
      }
      return Answer.ok(Map.of("subject", call.caller().subject()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static java.net.http.HttpRequest call(int port, String token, boolean wait) {
    return java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/json")
        .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"wait\": " + wait + "}"))
        .build();
  }

  /** Hosts the function on a port until the process is told to stop. */
  public static void main(String[] port) throws Exception {
    Invoker invoker =
        new Invoker(
            Integer.valueOf(port[0]),
            EchoFunction.class.getName(),
            "http",
            EchoFunction.class.getClassLoader());
    invoker.startTestServer();
    System.out.println(READY);
    Thread.currentThread().join();
  }
}

package dev.meterkite.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openqa.selenium.Keys;

/**
 * Signing in as in the cloud: no local host answers, Firebase's reserved addresses do. Its SDK is a
 * stand-in with the few calls that the console makes.
 */
@ExtendWith(ConsoleSetup.Here.class)
class ConsoleAccessTest {
  private static final String SDK =
      """
      window.firebase = {
        initializeApp: (config) => ({auth: () => {
          const claims = () => JSON.parse(sessionStorage.getItem('claims') ?? '{}');
          const user = (email) => ({email, uid: 'uid-' + email.split('@')[0],
            getIdToken: async () => sessionStorage.getItem('token'),
            getIdTokenResult: async () => ({token: sessionStorage.getItem('token'), claims: claims()})});
          let listener;
          const auth = {currentUser: null,
            setPersistence: async (kind) => { if (kind !== 'session') throw new Error(kind); },
            onAuthStateChanged: (each) => { listener = each; each(null); },
            signInWithEmailAndPassword: async (email, password) => {
              if (password !== 'right') throw new Error('The password is wrong.');
              auth.currentUser = user(email); listener(auth.currentUser); },
            signOut: async () => { auth.currentUser = null; listener(null); }};
          return auth; }}),
      };
      """;

  @BeforeEach
  void inTheCloud(ConsoleSetup world) {
    world.front.answer(
        "/local/token", unused -> new FaultyProxy.Reply(404, "text/html", "<h1>Not found</h1>"));
    world.front.answer(
        "/__/firebase/init.json",
        unused -> FaultyProxy.Reply.json("{'projectId': 'shop', 'apiKey': 'k'}"));
    for (String name : List.of("app", "auth")) {
      world.front.answer(
          "/__/firebase/10.14.1/firebase-" + name + "-compat.js",
          unused -> new FaultyProxy.Reply(200, "text/javascript", name.equals("app") ? SDK : ""));
    }
  }

  private static void signIn(ConsoleSetup world, String password, String claims) {
    world.browser.run(
        "sessionStorage.setItem('token', arguments[0]); sessionStorage.setItem('claims',"
            + " arguments[1])",
        world.host.tokens().admin(),
        claims);
    world.browser.find("[name=email]").clear();
    world.browser.find("[name=email]").sendKeys("kim@example.com");
    world.browser.find("[name=password]").clear();
    world.browser.find("[name=password]").sendKeys(password, Keys.ENTER);
  }

  @Test
  void admin_signsInLooksAndSignsOut(ConsoleSetup world) {
    world.open("users");
    world.browser.awaitText("Sign in");
    world.browser.awaitText("shop");
    assertEquals(List.of(), world.browser.barriers());
    world.browser.picture(ConsoleSetup.PICTURES.resolve("sign-in-light-1280.png"));
    signIn(world, "wrong", "{}");
    world.browser.awaitText("The password is wrong.");
    assertEquals(List.of(), world.front.seen("/api/list-users"), "nothing is asked before");
    signIn(world, "right", "{\"admin\": true}");
    world.browser.awaitText("chloe");
    assertFalse(world.browser.find("nav").getText().contains("Local"), "there is no local host");
    assertTrue(world.front.paths().stream().noneMatch(path -> path.startsWith("/local/c")));
    world.browser.button("Sign out").click();
    world.browser.awaitText("Password");
    assertFalse(world.browser.text().contains("chloe"), "the figures are gone");
    world.browser.complaints();
  }

  @Test
  void accountWithoutTheClaim_seesHowToGetIt(ConsoleSetup world) {
    world.open("overview");
    signIn(world, "right", "{\"admin\": \"true\"}");
    world.browser.awaitText("You are not an admin");
    world.browser.awaitText("projects/shop/accounts:update");
    world.browser.awaitText("uid-kim");
    assertEquals(List.of(), world.browser.barriers());
    assertEquals(List.of(), world.front.seen("/api/provider-status"), "no function is asked");
    world.browser.run("sessionStorage.setItem('claims', '{\"admin\": true}')");
    world.browser.button("Check again").click();
    world.browser.awaitText("Providers and models");
    world.browser.complaints();
  }

  @Test
  void placeWithoutEither_isSaid(ConsoleSetup world) {
    world.front.answer(
        "/__/firebase/init.json", unused -> new FaultyProxy.Reply(404, "text/html", "no"));
    world.open("overview");
    world.browser.awaitText("Neither the local host nor Firebase Hosting serves this page.");
    world.browser.complaints();
  }
}

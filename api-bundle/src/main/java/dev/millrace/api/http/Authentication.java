package dev.millrace.api.http;

import dev.millrace.engine.service.Tokens;
import dev.millrace.engine.service.Unauthenticated;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import jakarta.ws.rs.core.HttpHeaders;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/** Puts {@code Authorization: Token …} before every resource method that is not {@link Open}. */
@Component(service = DynamicFeature.class)
@JakartarsExtension
@JakartarsName("millrace-authentication")
public final class Authentication implements DynamicFeature {
  private final Tokens tokens;

  @Activate
  public Authentication(@Reference Tokens tokens) {
    this.tokens = tokens;
  }

  @Override
  public void configure(ResourceInfo resource, FeatureContext context) {
    boolean open =
        resource.getResourceMethod().isAnnotationPresent(Open.class)
            || resource.getResourceClass().isAnnotationPresent(Open.class);
    if (!open) {
      context.register(new TokenCheck(tokens), Priorities.AUTHENTICATION);
    }
  }

  /** The token in the header {@code Authorization}; throws {@link Unauthenticated} for none. */
  public static String token(@Nullable String header) {
    if (header == null || header.isBlank()) {
      throw new Unauthenticated(
          "not_authenticated", "Authentication credentials were not provided.");
    }
    String[] words = header.trim().split("\\s+", 2);
    if (words.length != 2 || !words[0].equalsIgnoreCase("Token")) {
      throw new Unauthenticated(
          "authentication_failed", "Send the header \"Authorization: Token <your token>\".");
    }
    return words[1];
  }

  private record TokenCheck(Tokens tokens) implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext request) {
      String text = token(request.getHeaderString(HttpHeaders.AUTHORIZATION));
      request.setProperty(Call.ACTOR, tokens.authenticate(text, Call.of(request).address()));
    }
  }
}

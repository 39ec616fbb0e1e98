package dev.millrace.api;

import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.service.NotFound;

/** Users and organisations in addresses and answers. */
final class OwnerPath {
  private OwnerPath() {}

  /** The number in a path; throws {@link NotFound} for other text. */
  static OwnerId parse(String text, String noun) {
    try {
      return new OwnerId(Integer.parseInt(text));
    } catch (NumberFormatException e) {
      throw new NotFound(noun);
    }
  }

  /** An owner within another object. */
  public record OwnerView(int id, String username, boolean isOrganization) {
    static OwnerView of(Owner owner) {
      return new OwnerView(owner.id().value(), owner.name(), owner instanceof Organization);
    }
  }
}

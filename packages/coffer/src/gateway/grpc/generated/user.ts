// Generated from packages/proto/user.proto by "npm run generate:grpc". Do not edit.
import { codecOf } from "../wire.ts";
import type { Method, Nested } from "../wire.ts";

export type CreateUserRequest = {
  readonly email: string;
  readonly name: string;
};

const createUserRequestFields: Nested<CreateUserRequest> = {
  write(writer, message) {
    writer.text(1, message.email);
    writer.text(2, message.name);
  },
  read(reader) {
    let email: string = "";
    let name: string = "";
    while (reader.next()) {
      if (reader.isText(1)) email = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else reader.skip();
    }
    return { email, name };
  },
};

export const createUserRequest = codecOf(createUserRequestFields);

export type GetUserByIdRequest = {
  readonly id: string;
};

const getUserByIdRequestFields: Nested<GetUserByIdRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
  },
  read(reader) {
    let id: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else reader.skip();
    }
    return { id };
  },
};

export const getUserByIdRequest = codecOf(getUserByIdRequestFields);

export type GetUserByEmailRequest = {
  readonly email: string;
};

const getUserByEmailRequestFields: Nested<GetUserByEmailRequest> = {
  write(writer, message) {
    writer.text(1, message.email);
  },
  read(reader) {
    let email: string = "";
    while (reader.next()) {
      if (reader.isText(1)) email = reader.text();
      else reader.skip();
    }
    return { email };
  },
};

export const getUserByEmailRequest = codecOf(getUserByEmailRequestFields);

export type DeleteUserRequest = {
  readonly id: string;
  readonly reason: string;
  readonly sweepTo: string;
};

const deleteUserRequestFields: Nested<DeleteUserRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.reason);
    writer.text(3, message.sweepTo);
  },
  read(reader) {
    let id: string = "";
    let reason: string = "";
    let sweepTo: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) reason = reader.text();
      else if (reader.isText(3)) sweepTo = reader.text();
      else reader.skip();
    }
    return { id, reason, sweepTo };
  },
};

export const deleteUserRequest = codecOf(deleteUserRequestFields);

export type DeleteUserResponse = {
  readonly id: string;
  readonly deletedAt: string;
};

const deleteUserResponseFields: Nested<DeleteUserResponse> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.deletedAt);
  },
  read(reader) {
    let id: string = "";
    let deletedAt: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) deletedAt = reader.text();
      else reader.skip();
    }
    return { id, deletedAt };
  },
};

export const deleteUserResponse = codecOf(deleteUserResponseFields);

export type CreatePasswordLinkRequest = {
  readonly id: string;
};

const createPasswordLinkRequestFields: Nested<CreatePasswordLinkRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
  },
  read(reader) {
    let id: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else reader.skip();
    }
    return { id };
  },
};

export const createPasswordLinkRequest = codecOf(createPasswordLinkRequestFields);

export type CreatePasswordLinkResponse = {
  readonly token: string;
  readonly link: string;
  readonly expiresAt: string;
};

const createPasswordLinkResponseFields: Nested<CreatePasswordLinkResponse> = {
  write(writer, message) {
    writer.text(1, message.token);
    writer.text(2, message.link);
    writer.text(3, message.expiresAt);
  },
  read(reader) {
    let token: string = "";
    let link: string = "";
    let expiresAt: string = "";
    while (reader.next()) {
      if (reader.isText(1)) token = reader.text();
      else if (reader.isText(2)) link = reader.text();
      else if (reader.isText(3)) expiresAt = reader.text();
      else reader.skip();
    }
    return { token, link, expiresAt };
  },
};

export const createPasswordLinkResponse = codecOf(createPasswordLinkResponseFields);

export type UserResponse = {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
};

const userResponseFields: Nested<UserResponse> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.email);
    writer.text(3, message.name);
    writer.text(4, message.createdAt);
  },
  read(reader) {
    let id: string = "";
    let email: string = "";
    let name: string = "";
    let createdAt: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) email = reader.text();
      else if (reader.isText(3)) name = reader.text();
      else if (reader.isText(4)) createdAt = reader.text();
      else reader.skip();
    }
    return { id, email, name, createdAt };
  },
};

export const userResponse = codecOf(userResponseFields);

export const userService = {
  createUser: { path: "/user.UserService/CreateUser", request: createUserRequest, response: userResponse } satisfies Method<CreateUserRequest, UserResponse>,
  getUserById: { path: "/user.UserService/GetUserById", request: getUserByIdRequest, response: userResponse } satisfies Method<GetUserByIdRequest, UserResponse>,
  getUserByEmail: { path: "/user.UserService/GetUserByEmail", request: getUserByEmailRequest, response: userResponse } satisfies Method<GetUserByEmailRequest, UserResponse>,
  deleteUser: { path: "/user.UserService/DeleteUser", request: deleteUserRequest, response: deleteUserResponse } satisfies Method<DeleteUserRequest, DeleteUserResponse>,
  createPasswordLink: { path: "/user.UserService/CreatePasswordLink", request: createPasswordLinkRequest, response: createPasswordLinkResponse } satisfies Method<CreatePasswordLinkRequest, CreatePasswordLinkResponse>,
};
